"""What fills when within a bar, and how much of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from broker.paper.book import PaperBook
from broker.paper.fills import PriceBar
from broker.paper.matching import Place, next_match
from domain.orders import Order
from journal.ledger import Ledger
from tests.broker.paper.counter import OPPOSITE, TENTH, Counter, amended, order, told
from tests.broker.venue import CALM, OTHER, SYMBOL, D, Row, T, VenueSource

DEAD: Row = (100, 111, 89, 100, 0)
"""A bar in which nobody traded."""


def wide(volume: float = 10) -> Row:
    return (100, 112, 88, 100, volume)


Fills = list[tuple[str, int, str, str]]


def exactly(fills: Fills) -> list[tuple[str, int, Decimal, Decimal]]:
    return [(name, hour, D(quantity), D(price)) for name, hour, quantity, price in fills]


PARTS = [
    pytest.param(
        "buy market", [CALM, (102, 103, 101, 102, 20), CALM, CALM],
        [("a", 0, "1", "100"), ("a", 1, "2", "102"), ("a", 2, "0.5", "100")], id="market",
    ),
    pytest.param(
        "sell market", [CALM, DEAD, CALM, CALM, CALM],
        [("a", 0, "1", "100"), ("a", 2, "1", "100"), ("a", 3, "1", "100"), ("a", 4, "0.5", "100")],
        id="market, and nobody traded for a bar",
    ),
    pytest.param(
        "buy limit 99.5", [CALM, (102, 103, 101, 102, 99), CALM, (98, 99, 97, 98, 99)],
        [("a", 0, "1", "99.5"), ("a", 2, "1", "99.5"), ("a", 3, "1.5", "98")],
        id="limit, left alone and gapped through",
    ),
    pytest.param(
        "buy stop 101", [CALM, (99, 99.5, 98, 99, 10), (97, 98, 96, 97, 99)],
        [("a", 0, "1", "101"), ("a", 1, "1", "99"), ("a", 2, "1.5", "97")],
        id="a stop that was set off goes on at the market",
    ),
    pytest.param(
        "buy stop_limit 101 101.5", [CALM, (103, 104, 102, 103, 99), (102, 103, 101, 102, 99)],
        [("a", 0, "1", "101"), ("a", 2, "2.5", "101.5")],
        id="a stop-limit that was set off goes on as a limit",
    ),
    pytest.param(
        "sell stop_limit 101 100.5", [(100, 100.2, 98, 99, 99), (99, 101, 98, 100, 99)],
        [("a", 1, "3.5", "100.5")], id="gapped beyond the limit, met on a later bar",
    ),
    pytest.param(
        "buy market", [(100, 101, 99, 100, 0.009), CALM], [("a", 1, "1", "100")],
        id="less than a step is nothing",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("words", "rows", "fills"), PARTS)
async def test_a_bar_gives_its_share_and_the_rest_waits(
    words: str, rows: list[Row], fills: Fills, tmp_path: Path
) -> None:
    counter = Counter(tmp_path, rows, terms=TENTH)
    await counter.send(order("a", words, "3.5"))
    got = [told(e) for e in await counter.play()]
    assert got == exactly(fills)
    filled = sum((quantity for _, _, quantity, _ in got), D(0))
    done = "filled" if filled == D("3.5") else "working"
    assert await counter.status("a") == (done, D("3.5"), filled)


async def test_orders_share_what_a_bar_gives_exits_first(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [(100, 101, 99, 100, 20), CALM, CALM, CALM], terms=TENTH)
    await counter.send(order("in", "buy market", "2"))
    await counter.play(1)
    await counter.send(
        order("more", "buy market", "1", hours=1),
        order("far", "buy limit 99.2", "1", hours=1),
        order("near", "buy limit 99.9", "0.5", hours=1),
        order("out", "sell market", "1.5", hours=1, exits=True),
    )
    assert [told(e) for e in await counter.play()] == exactly([
        ("out", 1, "1", "100"),
        ("out", 2, "0.5", "100"), ("more", 2, "0.5", "100"),
        ("more", 3, "0.5", "100"), ("near", 3, "0.5", "99.9"),
    ])  # fmt: skip


EXITS = [order("s", "sell stop 95", exits=True), order("t", "sell limit 110", exits=True)]
SHORT = [order("s", "buy stop 105", exits=True), order("t", "buy limit 90", exits=True)]


@pytest.mark.parametrize(
    ("entry", "exits", "rows", "fills"),
    [
        ("buy market", EXITS, [wide()], [("s", "95")]),
        ("buy market", EXITS, [(100, 111, 96, 100, 10)], [("t", "110")]),
        ("buy limit 99", EXITS, [wide()], [("s", "95")]),
        ("buy limit 99", EXITS, [(100, 112, 96, 100, 10), CALM], []),
        ("buy limit 99", EXITS, [(100, 112, 96, 100, 10), (100, 110, 99, 100, 9)], [("t", "110")]),
        ("buy stop 101", EXITS, [(100, 112, 94, 100, 10)], [("s", "95")]),
        ("sell market", SHORT, [wide()], [("s", "105")]),
        ("sell limit 101", SHORT, [(100, 104, 80, 100, 10), CALM], []),
        ("sell limit 101", SHORT, [wide()], [("s", "105")]),
    ],
)
async def test_exits_sent_at_an_entry_meet_the_rest_of_its_bar(
    entry: str, exits: list[Order], rows: list[Row], fills: list[tuple[str, str]], tmp_path: Path
) -> None:
    counter = Counter(tmp_path, rows)
    await counter.send(order("in", entry))
    news = await counter.next()
    assert news is not None
    await counter.send(*exits)
    assert [(name, price) for name, _, _, price in map(told, await counter.play())] == [
        (name, D(price)) for name, price in fills
    ]


async def test_what_an_entry_brings_within_a_bar_may_be_taken_back_before_it_goes_on(
    tmp_path: Path,
) -> None:
    counter = Counter(tmp_path, [wide()])
    await counter.send(order("in", "buy market"), order("low", "buy limit 90"))
    assert await counter.next() is not None
    assert (await counter.venue.cancel("low")).accepted
    assert await counter.play() == []


async def test_an_amendment_within_a_bar_counts_for_the_rest_of_it(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [(100, 101, 93, 100, 10)])
    low = order("low", "buy limit 94")
    await counter.send(order("in", "buy market"), low)
    assert await counter.next() is not None
    assert (await counter.venue.amend(amended(low, "2", "97"))).accepted
    assert [told(e) for e in await counter.play()] == exactly([("low", 0, "2", "97")])


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_reduce_only_orders_never_take_more_than_is_held_and_do_not_outlive_it(
    side: str, tmp_path: Path
) -> None:
    opening = "buy" if side == "buy" else "sell"
    closing = OPPOSITE["buy" if side == "buy" else "sell"]
    stop, near, far = ("95", "105", "110") if side == "buy" else ("105", "95", "90")
    counter = Counter(tmp_path, [CALM, wide(), CALM])
    await counter.send(order("in", f"{opening} market", "2"))
    await counter.next()
    await counter.send(
        order("s", f"{closing} stop {stop}", "2", exits=True),
        order("t1", f"{closing} limit {near}", "2", exits=True),
        order("t2", f"{closing} limit {far}", "2", exits=True),
        order("c", f"{closing} market", "1.5", hours=1, exits=True),
    )
    news = await counter.next()
    assert news is not None
    assert [told(e)[0] for e in news.executions] == ["c"]
    assert {(o.client_order_id, o.quantity) for o in news.orders} == {
        ("c", D("1.5")), ("s", D("0.5")), ("t1", D("0.5")), ("t2", D("0.5")),
    }  # fmt: skip
    news = await counter.next()
    assert news is not None
    assert [(told(e)[0], e.quantity) for e in news.executions] == [("s", D("0.5"))]
    assert {(o.client_order_id, o.status, o.reason) for o in news.orders} == {
        ("s", "filled", ""),
        ("t1", "cancelled", "nothing is held"),
        ("t2", "cancelled", "nothing is held"),
    }
    assert dict(await counter.venue.positions()) == {}
    assert await counter.play() == []
    assert list(await counter.venue.working()) == []


async def test_an_exit_of_a_partial_entry_takes_what_there_is(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, (100, 100, 90, 95, 100)], terms=TENTH)
    await counter.send(order("in", "buy market", "3"))
    assert await counter.next() is not None
    await counter.send(order("s", "sell stop 95", "3", exits=True))
    got = [told(e) for e in await counter.play()]
    assert got == exactly([("in", 1, "2", "100"), ("s", 1, "3", "95")])


async def test_a_stop_larger_than_the_bars_share_follows_the_market_down(tmp_path: Path) -> None:
    rows: list[Row] = [(100, 101, 99, 100, 30), (100, 101, 94, 95, 10), (90, 97, 89, 96, 30)]
    counter = Counter(tmp_path, rows, terms=TENTH)
    await counter.send(order("in", "buy market", "3"))
    await counter.next()
    await counter.send(order("s", "sell stop 95", "3", exits=True, slippage="0.5"))
    assert [told(e) for e in await counter.play()] == exactly([
        ("s", 1, "1", "94.5"), ("s", 2, "2", "89.5"),
    ])  # fmt: skip


async def test_a_stop_that_was_set_off_while_the_share_was_used_up_goes_out_next(
    tmp_path: Path,
) -> None:
    rows: list[Row] = [CALM, (94, 95, 90, 95, 10), (99, 100, 98, 99, 10)]
    counter = Counter(tmp_path, rows, terms=TENTH)
    await counter.send(order("in", "buy market"))
    await counter.next()
    await counter.send(
        order("more", "buy limit 94", "1", hours=1), order("s", "sell stop 93", exits=True)
    )
    assert [told(e) for e in await counter.play()] == exactly([
        ("more", 1, "1", "94"), ("s", 2, "1", "99"),
    ])  # fmt: skip


async def test_close_and_stop_in_one_bar_trade_once(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, (96, 97, 90, 91, 10)])
    await counter.send(order("in", "buy market"))
    await counter.next()
    await counter.send(order("s", "sell stop 95", exits=True))
    await counter.play(1)
    await counter.send(order("c", "sell market", hours=1, exits=True))
    assert [told(e) for e in await counter.play()] == exactly([("c", 1, "1", "96")])
    assert (await counter.status("s"))[0] == "cancelled"


async def test_symbols_of_one_moment_are_played_one_after_the_other(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, wide(), wide()], others=[CALM, wide(), CALM])
    await counter.send(order("b", "buy market"), order("e", "buy market", symbol=OTHER))
    await counter.play(1)
    await counter.send(
        order("es", "sell stop 95", symbol=OTHER, hours=1, exits=True),
        order("bs", "sell stop 95", hours=1, exits=True),
    )
    got = await counter.play()
    assert [(e.client_order_id, e.symbol, told(e)[1]) for e in got] == [
        ("bs", SYMBOL, 1), ("es", OTHER, 1),
    ]  # fmt: skip


async def test_each_symbol_has_a_share_of_its_own_volume(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM], others=[(100, 101, 99, 100, 5)], terms=TENTH)
    await counter.send(order("b", "buy market", "3"), order("e", "buy market", "3", symbol=OTHER))
    assert [told(e) for e in await counter.play()] == exactly([
        ("b", 0, "1", "100"), ("e", 0, "0.5", "100"),
    ])  # fmt: skip


@pytest.mark.parametrize("words", ["buy market", "buy limit 101", "buy stop 99"])
async def test_an_order_meets_no_bar_that_opened_before_it(words: str, tmp_path: Path) -> None:
    counter = Counter(tmp_path, [wide(), wide()])
    await counter.send(order("a", words, hours=0.001))
    assert [told(e)[1] for e in await counter.play()] == [1]


async def test_a_bar_without_volume_fills_and_forces_nothing(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, DEAD, DEAD])
    await counter.send(order("a", "buy market"))
    assert len(await counter.play(1)) == 1
    await counter.send(*(replace(o, created_at=counter.venue.cursor) for o in EXITS))
    assert await counter.play() == []


async def test_what_is_filled_is_counted_against_the_bar_it_filled_in(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, CALM], terms=TENTH)
    await counter.send(order("a", "buy market", "0.7"), order("b", "buy market", "0.7"))
    assert [told(e) for e in await counter.play()] == exactly([
        ("a", 0, "0.7", "100"), ("b", 0, "0.3", "100"), ("b", 1, "0.4", "100"),
    ])  # fmt: skip


def test_where_nothing_is_held_or_works_nothing_happens() -> None:
    book = PaperBook(Ledger.begin({"USDT": D(10_000)}), TENTH)
    bar = PriceBar(T, D(100), D(101), D(80), D(100), D(10))
    assert next_match(book, bar, VenueSource({}).instrument(SYMBOL), Place(), D(90)) is None
