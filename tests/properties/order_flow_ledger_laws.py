"""Laws of the account: L1 to L5, with arithmetic of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

from tests.properties.order_flow_rows import LIVE, Picture, Row, held, moved
from tests.properties.order_flow_terms import Account, Market

NEAR = Fraction(1, 10**9)


def judge_ledger(now: Picture, account: Account, market: Market) -> None:
    cash, fees = Fraction(now.capital), Fraction(0)
    for fill in now.fills:
        paid = Fraction(fill["price"]) * Fraction(fill["quantity"])
        cash += -paid if fill["side"] == "buy" else paid
        if fill["fee_currency"] == "quote":
            fees += Fraction(fill["fee"])
    cash += sum(Fraction(d["amount"]) for d in now.deposits)
    cash -= fees + sum(Fraction(p["amount"]) for p in now.funding)
    for symbol, (_, cost) in account.positions.items():
        if market.kinds[symbol] == "perpetual":
            cash += cost
    assert cash == account.cash, f"L1 cash {float(account.cash)} was expected {float(cash)}"
    quantities = {symbol: q for symbol, (q, _) in account.positions.items()}
    assert quantities == held(now.fills), "L2 position is not the sum of its fills"
    for symbol, (quantity, cost) in account.positions.items():
        expected = _average([f for f in now.fills if f["symbol"] == symbol]) * quantity
        assert abs(cost - expected) < NEAR, "L2 the average moved by something else than adding"
        assert market.kinds[symbol] == "perpetual" or quantity > 0, "L5 sold more than was held"


def judge_deposits(now: Picture) -> None:
    """Each word on money moves it once at the venue and once in the journal, or never."""
    theirs = {d["deposit_id"]: Fraction(d["amount"]) for d in now.venue_deposits}
    ours = {d["deposit_id"]: Fraction(d["amount"]) for d in now.deposits}
    assert len(theirs) == len(now.venue_deposits), "L1 money was moved twice at the venue"
    assert len(ours) == len(now.deposits), "L1 money was booked twice"
    assert ours.items() <= theirs.items(), "L1 money that the venue never moved"
    for name, amount in theirs.items():
        assert amount == Fraction(now.asked[name]["amount"]), "L1 another amount than was said"


def judge_collateral(now: Picture, account: Account, market: Market) -> None:
    """Free and locked are the whole; nothing is locked by what has ended.

    Locked is what is held, and entries that may still fill at full size: also half-sent ones, and
    those that are being taken back until the venue says that they are.
    """
    worth, locked = account.cash, Fraction(0)
    for symbol, (quantity, cost) in account.positions.items():
        value = quantity * market.marks[symbol]
        worth += value - cost if market.kinds[symbol] == "perpetual" else value
        locked += _locked(symbol, value, market)
    for order in now.orders.values():
        if order["leg"] == "entry" and order["status"] in LIVE:
            price = market.marks[order["symbol"]]
            price = price if order["price"] is None else Fraction(order["price"])
            locked += _locked(order["symbol"], Fraction(order["quantity"]) * price, market)
    assert account.equity == worth, "L1 equity is not cash and market value"
    assert locked >= 0
    difference = float(account.free + locked - worth)
    assert abs(account.free + locked - worth) < NEAR, f"L5 free + locked - total = {difference}"


def _locked(symbol: str, value: Fraction, market: Market) -> Fraction:
    return abs(value) / market.leverage if market.kinds[symbol] == "perpetual" else abs(value)


def _average(fills: Sequence[Row]) -> Fraction:
    quantity = average = Fraction(0)
    for fill in fills:
        change = moved(fill)
        if quantity * change >= 0:
            paid = Fraction(fill["quantity"]) * Fraction(fill["price"])
            cost = average * quantity + (paid if fill["side"] == "buy" else -paid)
            average = cost / (quantity + change)
        elif abs(change) > abs(quantity):
            average = Fraction(fill["price"])
        quantity += change
    return average


def judge_quantities(now: Picture, market: Market) -> None:
    told: dict[str, Fraction] = defaultdict(Fraction)
    venue = {f["trade_id"]: f for f in now.venue_fills}
    assert len(venue) == len(now.venue_fills), "L3 a trade id twice at the venue"
    for fill in now.fills:
        told[fill["client_order_id"]] += Fraction(fill["quantity"])
        theirs = venue[fill["trade_id"]]
        for name in ("quantity", "price", "fee"):
            assert Fraction(fill[name]) == Fraction(theirs[name]), f"L3 {name} is not the venue's"
        for name in ("client_order_id", "symbol", "side", "fee_currency"):
            assert fill[name] == theirs[name], f"L3 {name} is not the venue's"
    for name, order in now.orders.items():
        filled = Fraction(order["filled"])
        assert filled == told[name], f"L3 {order['leg']} filled {filled}, its fills {told[name]}"
        assert filled >= 0, "L3 filled below nothing"
        if name in now.venue_orders:
            asked = now.venue_orders[name]["order"]
            assert filled <= Fraction(asked["filled"]), "L3 filled more than the venue filled"
            assert Fraction(asked["filled"]) <= Fraction(asked["quantity"]), "L3 overfilled"
    for fill in now.venue_fills:
        in_base = fill["fee_currency"] == "base"
        worth = Fraction(fill["quantity"]) * (1 if in_base else Fraction(fill["price"]))
        assert Fraction(fill["fee"]) == market.fee * worth, "L4 fee is not rate times notional"
        spot_buy = market.kinds[fill["symbol"]] == "spot" and fill["side"] == "buy"
        assert in_base == (market.base_fees and spot_buy), "L4 fee in the wrong currency"
