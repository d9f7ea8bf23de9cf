from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instrument import InstrumentKind
from domain.orders import Deposit, Fill, FundingPayment
from journal.ledger import EXACT, Entry, Ledger, Purse, replay
from tests.journal.hand import D, T, fill, payment

SYMBOLS = ("BTC/USDT", "ETH/USDT")
CAPITAL = D(10_000)
BTC = SYMBOLS[0]
MANY = settings(max_examples=150)


def account(kind: InstrumentKind, *entries: Entry) -> Ledger:
    return replay({"USDT": CAPITAL}, entries, dict.fromkeys(SYMBOLS, kind))


def money(ledger: Ledger) -> Purse:
    return ledger.purses["USDT"]


def exact_sum(values: Sequence[Decimal]) -> Decimal:
    with localcontext(EXACT):
        return sum(values, D(0))


def signed(one: Fill) -> Decimal:
    return one.quantity if one.side == "buy" else -one.quantity


@st.composite
def entry_lists(draw: st.DrawFn, kind: InstrumentKind) -> list[Entry]:
    """Fills and funding in two symbols; spot never sells more than is held."""
    held = dict.fromkeys(SYMBOLS, D(0))
    entries: list[Entry] = []
    for hour in range(draw(st.integers(1, 12))):
        symbol = draw(st.sampled_from(SYMBOLS))
        if kind == "perpetual" and draw(st.integers(0, 3)) == 0:
            amount = draw(st.decimals(-50, 50, places=8))
            entries.append(payment(amount, hour=hour, symbol=symbol))
            continue
        quantity = draw(st.decimals("0.00001", "99.99999", places=5))
        side = draw(st.sampled_from(["buy", "sell"]))
        if draw(st.integers(0, 3)) == 0 and held[symbol]:
            side, quantity = ("sell" if held[symbol] > 0 else "buy"), abs(held[symbol])
        if kind == "spot" and side == "sell":
            quantity = min(quantity, held[symbol])
        if quantity == 0:
            continue
        price = draw(st.decimals("0.01", "99999.99", places=2))
        one = fill(
            side, quantity, price, fee=draw(st.decimals(0, 9, places=9)), hour=hour, symbol=symbol
        )
        held[symbol] += signed(one)
        entries.append(one)
    return entries


def check_money(ledger: Ledger, entries: Sequence[Entry], kind: InstrumentKind) -> None:
    """L1 and L2, by an arithmetic of their own."""
    fills = [e for e in entries if isinstance(e, Fill)]
    with localcontext(EXACT):
        flows = exact_sum([-signed(f) * f.price for f in fills])
        fees = exact_sum([f.fee for f in fills])
        paid = exact_sum([e.amount for e in entries if isinstance(e, FundingPayment)])
        costs = exact_sum([p.cost for p in ledger.positions.values()])
        purse = ledger.purses["USDT"]
        assert (purse.fees, purse.funding) == (fees, paid)
        assert purse.realised - costs == flows
        moved = flows if kind == "spot" else purse.realised
        assert purse.cash == CAPITAL + moved - fees - paid
        marks = {symbol: D("123.45") for symbol in SYMBOLS}
        net = {s: exact_sum([signed(f) for f in fills if f.symbol == s]) for s in SYMBOLS}
        held = exact_sum([net[s] * marks[s] for s in SYMBOLS])
        assert ledger.equity("USDT", marks) == CAPITAL + flows + held - fees - paid
    assert {s: p.quantity for s, p in ledger.positions.items()} == {
        s: quantity for s, quantity in net.items() if quantity != 0
    }


@pytest.mark.parametrize("kind", ["spot", "perpetual"])
def test_money_is_neither_lost_nor_made_after_any_step(kind: InstrumentKind) -> None:
    @MANY
    @given(entry_lists(kind))
    def holds(entries: list[Entry]) -> None:
        ledger = Ledger.begin({"USDT": CAPITAL})
        for count, entry in enumerate(entries, 1):
            ledger = (
                ledger.apply_fill(entry, kind)
                if isinstance(entry, Fill)
                else ledger.apply_funding(entry)
            )
            check_money(ledger, entries[:count], kind)

    holds()


@MANY
@given(entry_lists("perpetual"), st.integers(1, 40))
def test_a_replay_from_zero_gives_the_same_account_whatever_the_callers_arithmetic(
    entries: list[Entry], precision: int
) -> None:
    once = account("perpetual", *entries)
    with localcontext(Context(prec=precision)):
        assert account("perpetual", *entries) == once


@MANY
@given(entry_lists("perpetual"), st.integers(0, 12))
def test_an_account_can_be_folded_in_two_parts(entries: list[Entry], cut: int) -> None:
    ledger = account("perpetual", *entries[:cut])
    for entry in entries[cut:]:
        ledger = (
            ledger.apply_fill(entry, "perpetual")
            if isinstance(entry, Fill)
            else ledger.apply_funding(entry)
        )
    assert ledger == account("perpetual", *entries)


@MANY
@given(entry_lists("perpetual"))
def test_only_what_is_added_to_a_position_changes_its_average_price(entries: list[Entry]) -> None:
    ledger = Ledger.begin({"USDT": CAPITAL})
    for entry in entries:
        before = ledger.positions
        if isinstance(entry, FundingPayment):
            ledger = ledger.apply_funding(entry)
            assert ledger.positions == before
            continue
        ledger = ledger.apply_fill(entry, "perpetual")
        old, new = before.get(entry.symbol), ledger.positions.get(entry.symbol)
        if old is None or new is None or old.side != new.side:
            continue
        if abs(new.quantity) < abs(old.quantity):
            # the rounded remainder of a shared cost, at most one quantum over what is left
            slack = D("1e-12") / abs(new.quantity) + abs(old.entry_price) * D("1e-25")
            assert abs(new.entry_price - old.entry_price) <= slack
        else:
            low, high = sorted([old.entry_price, entry.price])
            assert low * D("0.999999") <= new.entry_price <= high * D("1.000001")


def test_spot_pays_the_price_and_a_perpetual_only_what_is_realised() -> None:
    bought = fill("buy", "2", "100", fee="0.2")
    spot, perpetual = account("spot", bought), account("perpetual", bought)
    assert money(spot).cash == D("9799.8")
    assert money(perpetual).cash == D("9999.8")
    assert (
        spot.equity("USDT", {BTC: D(110)})
        == perpetual.equity("USDT", {BTC: D(110)})
        == D("10019.8")
    )


def test_a_partial_close_realises_its_share_and_leaves_the_rest_at_the_same_price() -> None:
    ledger = account("perpetual", fill("buy", "3", "100"), fill("sell", "1", "130", hour=1))
    assert money(ledger).realised == D(30)
    assert ledger.positions[BTC].quantity == D(2)
    assert ledger.positions[BTC].entry_price == D(100)


def test_a_cost_that_does_not_divide_is_settled_whole_by_the_last_close() -> None:
    third = [fill("sell", "1", "40", hour=n) for n in (2, 3, 4)]
    buys = [fill("buy", "2", "33.33"), fill("buy", "1", "33.35", hour=1)]
    ledger = account("perpetual", *buys, *third)
    assert ledger.positions == {}
    assert money(ledger).realised == D(120) - D("100.01")
    assert money(ledger).cash == CAPITAL + D("19.99")


def test_a_fill_across_zero_closes_first_and_opens_the_rest_at_its_own_price() -> None:
    ledger = account("perpetual", fill("buy", "1", "100"), fill("sell", "3", "90", hour=1))
    turned = ledger.positions[BTC]
    assert money(ledger).realised == D(-10)
    assert (turned.side, turned.quantity, turned.entry_price) == ("short", D(-2), D(90))
    assert turned.opened_at == fill("sell", "3", "90", hour=1).at
    back = account(
        "perpetual",
        fill("buy", "1", "100"),
        fill("sell", "3", "90", hour=1),
        fill("buy", "2", "80", hour=2),
    )
    assert (money(back).realised, back.positions) == (D(10), {})


def test_a_short_earns_when_the_price_falls() -> None:
    ledger = account("perpetual", fill("sell", "2", "100"))
    assert ledger.equity("USDT", {BTC: D(90)}) == D(10_020)
    assert ledger.positions[BTC].entry_price == D(100)


def test_funding_is_taken_from_cash_and_may_be_received() -> None:
    ledger = account("perpetual", payment("1.5"), payment("-0.25", hour=8))
    assert (money(ledger).cash, money(ledger).funding) == (D("9998.75"), D("1.25"))


def test_equity_without_a_mark_of_what_is_held_is_an_error() -> None:
    with pytest.raises(KeyError, match="BTC/USDT"):
        account("spot", fill("buy", "1", "100")).equity("USDT", {})


def test_a_close_of_dust_leaves_not_a_digit_behind() -> None:
    bought, sold = fill("buy", "0.00000123", "0.0000000123"), fill("sell", "0.00000123", "0.5")
    ledger = account("perpetual", bought, sold)
    with localcontext(EXACT):
        assert money(ledger).realised == D("0.00000123") * (D("0.5") - D("0.0000000123"))


EURO = "ETH/EUR"
TWO = {"USDT": CAPITAL, "EUR": D(500)}


def test_each_symbol_moves_the_purse_of_its_quote_and_no_other() -> None:
    kinds: dict[str, InstrumentKind] = {BTC: "spot", EURO: "perpetual"}
    bought, sold = fill("buy", "2", "100", fee="0.2"), fill("sell", "3", "40", fee="1", symbol=EURO)
    paid = payment("1.5", hour=1, symbol=EURO)
    ledger = replay(TWO, [bought, sold, paid], kinds)
    assert ledger.purses["USDT"].cash == D("9799.8")
    euro = ledger.purses["EUR"]
    assert (euro.cash, euro.fees, euro.funding) == (D("497.5"), D(1), D("1.5"))
    assert ledger.equities({BTC: D(110), EURO: D(30)}) == {"USDT": D("10019.8"), "EUR": D("527.5")}
    assert list(ledger.held("EUR")) == [EURO]


def test_a_fill_in_a_currency_without_a_purse_is_an_error() -> None:
    with pytest.raises(KeyError, match="EUR"):
        account("spot").apply_fill(fill("buy", "1", "40", symbol=EURO), "spot")


@MANY
@given(entry_lists("perpetual"), entry_lists("perpetual"))
def test_purses_side_by_side_come_to_what_each_comes_to_alone(
    one: list[Entry], other: list[Entry]
) -> None:
    kinds: dict[str, InstrumentKind] = dict.fromkeys([*SYMBOLS, BTC_EUR, ETH_EUR], "perpetual")
    moved = [in_euro(entry) for entry in other]
    mixed = [entry for pair in zip_longest(one, moved) for entry in pair if entry is not None]
    both = replay(TWO, mixed, kinds)
    assert both.purses["USDT"] == replay({"USDT": CAPITAL}, one, kinds).purses["USDT"]
    assert both.purses["EUR"] == replay({"EUR": D(500)}, moved, kinds).purses["EUR"]


BTC_EUR, ETH_EUR = "BTC/EUR", "ETH/EUR"


def in_euro(entry: Entry) -> Entry:
    """The same entry in the other currency."""
    if isinstance(entry, Deposit):
        return replace(entry, currency="EUR")
    return replace(entry, symbol=entry.symbol.replace("USDT", "EUR"))


@MANY
@given(entry_lists("perpetual"), st.lists(st.decimals(-5_000, 5_000, places=8), max_size=5))
def test_deposits_move_cash_and_nothing_else(entries: list[Entry], amounts: list[Decimal]) -> None:
    brought = [Deposit(f"d{n}", "USDT", T, amount) for n, amount in enumerate(amounts)]
    mixed = [e for pair in zip_longest(entries, brought) for e in pair if e is not None]
    without, ledger = account("perpetual", *entries), account("perpetual", *mixed)
    total = exact_sum(amounts)
    assert ledger.positions == without.positions
    with localcontext(EXACT):
        assert money(ledger) == replace(
            money(without), cash=money(without).cash + total, net_deposits=total
        )
