"""Forced closing of perpetuals, against numbers reckoned by hand: fee 0.001, maintenance 0.005."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from broker.paper.book import PaperBook
from broker.paper.margin import liquidation_price
from broker.paper.terms import PaperTerms
from domain.instrument import InstrumentKind
from domain.orders import Fill
from domain.plan import Side
from journal.ledger import replay
from tests.broker.house import House
from tests.broker.paper.counter import Counter, order, told
from tests.broker.venue import OTHER, SYMBOL, D, Row, VenueSource, approved, bars
from tests.journal.hand import fill

LEVERED = PaperTerms(volume_share_fraction=D(1), leverage_ratio=D(5))
FLAT: Row = (100, 101, 99, 100, 1_000)


def price(
    *fills: Fill,
    capital: int = 1_000,
    marks: dict[str, Decimal] | None = None,
    kind: InstrumentKind = "perpetual",
    kinds: dict[str, InstrumentKind] | None = None,
) -> Decimal | None:
    """Where the position in `SYMBOL` is closed by force."""
    every: dict[str, InstrumentKind] = {SYMBOL: kind, OTHER: kind} | (kinds or {})
    book = PaperBook(replay({"USDT": D(capital)}, fills, every), LEVERED)
    on = VenueSource({}, kind=every[SYMBOL]).instrument(SYMBOL)
    maintenance = {SYMBOL: D("0.005"), OTHER: D("0.01")}
    return liquidation_price(book, on, marks or {SYMBOL: D(100), OTHER: D(100)}, maintenance)


LONG, SHORT = fill("buy", "20", "100", fee="2"), fill("sell", "20", "100", fee="2")


def other(side: str, quantity: str) -> Fill:
    return fill("buy" if side == "buy" else "sell", quantity, "100", symbol=OTHER, hour=1)


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        # 998 + 20 p - 2000 = 0.005 x 20 p: p = 1002 / 19.9 = 50.35..
        ([LONG], "50.4"),
        # 998 + 2000 - 20 p = 0.1 p: p = 2998 / 20.1 = 149.154..
        ([SHORT], "149.1"),
        # the other is worth what it cost, and asks for 0.01 x 500: p = 1007 / 19.9 = 50.603..
        ([LONG, other("buy", "5")], "50.7"),
        ([LONG, other("sell", "5")], "50.7"),
        ([SHORT, other("buy", "5")], "148.9"),
        # nothing held, and what can never happen
        ([], None),
        ([fill("buy", "5", "100")], None),
        ([fill("buy", "20", "100"), fill("sell", "20", "100", hour=1)], None),
    ],
)
def test_the_price_at_which_the_account_no_longer_covers_its_margin(
    fills: list[Fill], expected: str | None
) -> None:
    assert price(*fills) == (None if expected is None else D(expected))


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        # others: 998 + 5 (m - 100) - 0.05 m; p = (2000 - others) / 19.9
        ("100", "50.7"), ("180", "30.8"), ("20", "70.6"), ("400", None),
    ],
)  # fmt: skip
def test_what_the_other_position_gains_or_loses_moves_the_price(
    mark: str, expected: str | None
) -> None:
    marks = {SYMBOL: D(100), OTHER: D(mark)}
    found = price(LONG, other("buy", "5"), marks=marks)
    assert found == (None if expected is None else D(expected))


def test_at_that_price_equity_is_what_maintenance_asks_for() -> None:
    fills = [LONG, other("sell", "5")]
    found = price(*fills)
    assert found is not None
    ledger = replay({"USDT": D(1_000)}, fills, {SYMBOL: "perpetual", OTHER: "perpetual"})
    for at, covered in ((found, True), (found - D("0.1"), False)):
        needed = D("0.005") * 20 * at + D("0.01") * 5 * 100
        assert (ledger.equity("USDT", {SYMBOL: at, OTHER: D(100)}) >= needed) is covered


def test_spot_is_never_closed_by_force_and_counts_whole_for_what_is() -> None:
    assert price(LONG, capital=2_000, kind="spot") is None
    # cash 1498 - 500 for the spot, which is worth 600: p = (2000 - 1598) / 19.9 = 20.2..
    marks = {SYMBOL: D(100), OTHER: D(120)}
    found = price(LONG, other("buy", "5"), capital=1_500, marks=marks, kinds={OTHER: "spot"})
    assert found == D("20.3")


def test_a_short_of_an_account_that_is_lost_at_any_price_is_closed_at_any_price() -> None:
    marks = {SYMBOL: D(100), OTHER: D(10)}
    assert price(SHORT, other("buy", "90"), marks=marks) == D("0.1")


Expected = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("side", "stop", "row", "expected"),
    [
        ("long", "40", (100, 101, 50, 90, 1_000), [("close", "50.4")]),
        ("long", "40", (100, 101, 50.4, 90, 1_000), [("close", "50.4")]),
        ("long", "40", (100, 101, 50.5, 90, 1_000), []),
        ("long", "40", (45, 46, 44, 45, 1_000), [("close", "45")]),
        # the stop is nearer: inside, gapped through both, and filled only in part
        ("long", "60", (100, 101, 50, 90, 1_000), [("stop", "59.5")]),
        ("long", "60", (45, 46, 44, 45, 1_000), [("stop", "44.5")]),
        ("long", "60", (100, 101, 40, 90, 100), [("stop", "59.5"), ("close", "41")]),
        # the stop is beyond it: gapped through both
        ("long", "50", (45, 46, 44, 45, 1_000), [("close", "45")]),
        ("long", "40", (100, 101, 50, 90, 0), []),
        ("short", "160", (100, 150, 99, 90, 1_000), [("close", "149.1")]),
        ("short", "160", (150, 151, 149, 150, 1_000), [("close", "150")]),
        ("short", "140", (100, 150, 99, 90, 1_000), [("stop", "140.5")]),
        ("short", "150", (155, 156, 154, 155, 1_000), [("close", "155")]),
    ],
)
async def test_the_house_books_a_liquidation_as_a_trade(
    side: Side, stop: str, row: Row, expected: Expected, tmp_path: Path
) -> None:
    source = VenueSource({SYMBOL: bars([FLAT, row]), OTHER: bars([FLAT] * 2)})
    house = House(tmp_path, source, terms=LEVERED)
    target = "190" if side == "long" else "10"
    await house.work(*approved(side=side, stop=stop, targets=[(target, "200")]))
    await house.advance(2)
    assert house.filled()[1:] == [(leg, D(at)) for leg, at in expected]
    assert house.book.ledger() == house.book.replayed()
    forced = [o for o in house.book.orders() if o.reason == "liquidation"]
    assert bool(forced) == any(leg == "close" for leg, _ in expected)
    if not expected:
        assert house.plan_status() == "open"
        return
    (trade,) = house.book.trades()
    reason = "liquidation" if forced else "stop"
    assert (trade.close_reason, house.plan_status(), house.held()) == (reason, "closed", 0)
    assert await house.venue.positions() == {}
    assert list(await house.venue.working()) == []
    assert not [o for o in house.book.orders() if o.status in {"working", "pending", "cancelling"}]


async def test_a_liquidation_costs_more_than_a_close(tmp_path: Path) -> None:
    source = VenueSource({SYMBOL: bars([FLAT, (100, 101, 50, 90, 1_000)]), OTHER: bars([FLAT])})
    house = House(tmp_path, source, terms=LEVERED)
    await house.work(*approved(stop="40", targets=[("190", "200")]))
    await house.advance(2)
    last = house.book.fills()[-1]
    assert last.fee == (D("0.001") + D("0.005")) * 200 * D("50.4")
    assert last.reason == "liquidation"
    assert last.expected_price == D("50.4")


@pytest.mark.parametrize("terms", [PaperTerms(), PaperTerms(leverage_ratio=D(1))])
async def test_without_leverage_nothing_is_closed_by_force(
    terms: PaperTerms, tmp_path: Path
) -> None:
    counter = Counter(tmp_path, [FLAT, (100, 101, 1, 90, 1_000)], terms=terms)
    await counter.send(order("in", "buy market", "100"))
    assert [e.forced for e in await counter.play()] == [False]


async def test_a_symbol_without_a_price_closes_nothing_by_force(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [FLAT, (100, 101, 1, 90, 1_000)], terms=LEVERED)
    await counter.send(order("in", "buy market", "200"))
    counter.source.spoken[SYMBOL] = None
    assert [e.forced for e in await counter.play()] == [False]


async def test_two_positions_share_one_margin(tmp_path: Path) -> None:
    """Each costs 20000 and a fee of 20. The first ends its bar at 60, above its own price of 51.0.

    The second is then at 100 with (20000 - (9960 - 8000 - 0.005 x 12000)) / 199 = 90.95..
    """
    fall: Sequence[Row] = [FLAT, (100, 101, 60, 60, 1_000), (60, 61, 59, 60, 1_000)]
    dip: Sequence[Row] = [FLAT, FLAT, (100, 101, 90, 95, 1_000)]
    counter = Counter(tmp_path, fall, others=dip, terms=LEVERED)
    await counter.send(
        order("b", "buy market", "200"), order("e", "buy market", "200", symbol=OTHER)
    )
    got = [(e.symbol, *told(e)[1:], e.forced) for e in await counter.play()]
    assert got == [
        (SYMBOL, 0, D(200), D(100), False),
        (OTHER, 0, D(200), D(100), False),
        (OTHER, 2, D(200), D(91), True),
    ]


async def test_what_would_add_to_a_lost_position_comes_after_its_end(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [FLAT, (45, 46, 44, 45, 1_000)], terms=LEVERED)
    await counter.send(order("in", "buy market", "200"), order("more", "buy limit 60", "1"))
    got = [(told(e)[2:], e.forced) for e in await counter.play()]
    assert got[1:3] == [((D(200), D(45)), True), ((D(1), D(45)), False)]


def test_money_in_another_currency_holds_no_position_up() -> None:
    kinds: dict[str, InstrumentKind] = {SYMBOL: "perpetual"}
    on = VenueSource({}).instrument(SYMBOL)
    found = [
        liquidation_price(
            PaperBook(replay(money, [LONG], kinds), LEVERED),
            on,
            {SYMBOL: D(100)},
            {SYMBOL: D("0.005")},
        )
        for money in ({"USDT": D(1_000)}, {"USDT": D(1_000), "EUR": D(10**6)})
    ]
    assert found[0] is not None
    assert found[0] == found[1]
