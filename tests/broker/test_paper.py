from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.outbox import close_order
from broker.paper import VenueNews
from domain.book import Level, OrderBook
from domain.errors import DataError
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Fill, Order
from domain.plan import Side
from journal.books import Journal
from journal.ledger import EXACT
from market.protocol import FundingStamp
from tests.broker.venue import (
    CALM,
    OTHER,
    SYMBOL,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
    filled,
    open_journal,
    paper,
    played,
    statuses,
    work,
)

RATE = D("0.001")
JITTER = timedelta(milliseconds=4)


def stamps(*hours: int, late: timedelta = timedelta(0)) -> list[FundingStamp]:
    return [FundingStamp(T + n * H + late, RATE) for n in hours]


def end_state(book: Journal) -> object:
    return (
        book.orders(),
        book.entries(),
        book.trades(),
        book.ledger(),
        book.cursor(),
        [book.stored_plan(o.plan_id) for o in book.orders()],
    )


def rough(seed: int, count: int = 24) -> list[Row]:
    draw = np.random.default_rng(seed)
    path = np.round(100 + np.cumsum(draw.normal(0, 2, count + 1)), 1)
    wicks = np.round(np.abs(draw.normal(0, 1.5, (count, 2))), 1)
    return [
        (a, round(max(a, b) + up, 1), round(min(a, b) - down, 1), b, float(seed % 7 != n % 7))
        for n, (a, b, (up, down)) in enumerate(
            zip(path[:-1].tolist(), path[1:].tolist(), wicks.tolist(), strict=True)
        )
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    cuts=st.sets(st.integers(1, 23), min_size=1, max_size=23),
    side=st.sampled_from(["long", "short"]),
    entry=st.sampled_from([None, "100"]),
)
async def test_a_venue_that_was_restarted_ends_where_an_undisturbed_one_does(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    cuts: set[int],
    side: Side,
    entry: str | None,
) -> None:
    rows = rough(seed)
    paid = stamps(8, late=JITTER) + stamps(16)
    legs = [("104", "1"), ("108", "2")] if side == "long" else [("96", "1"), ("92", "2")]
    plan = {"side": side, "entry": entry, "targets": legs, "open_for": 20 * H}
    whole = await played(tmp_path_factory.mktemp("whole"), rows, stamps=paid, **plan)
    folder = tmp_path_factory.mktemp("parts")
    work(open_journal(folder), *approved(**plan))  # type: ignore[arg-type]  # mixed keywords
    source = VenueSource({SYMBOL: bars(rows)}, stamps=paid)
    for hours in [*sorted(cuts), 24]:
        await paper(open_journal(folder), source).advance(T + hours * H)
    parts = open_journal(folder)
    assert end_state(parts) == end_state(whole)
    assert parts.ledger() == parts.replayed()
    check_orders(parts)


def check_orders(book: Journal) -> None:
    """L3 and B1: what was filled is what was ordered, and the stop covers what is held."""
    orders = {o.client_order_id: o for o in book.orders()}
    by_order: dict[str, list[Fill]] = {}
    for one in book.fills():
        by_order.setdefault(one.client_order_id, []).append(one)
    for name, order in orders.items():
        got: Decimal = sum((f.quantity for f in by_order.get(name, [])), D(0))
        assert 0 <= got <= order.quantity
        assert (order.status == OrderStatus.FILLED) == (got > 0)
    held = book.position(SYMBOL)
    stops = [o for o in orders.values() if o.leg == "stop" and o.status == OrderStatus.WORKING]
    assert [o.quantity for o in stops] == ([] if held is None else [abs(held.quantity)])
    for one in book.fills():
        assert one.fee == EXACT.multiply(EXACT.multiply(D("0.001"), one.quantity), one.price)


async def test_the_future_does_not_change_a_fill(tmp_path: Path) -> None:
    for seed in (3, 4, 5):
        rows = rough(seed)
        short = await played(tmp_path / f"{seed}a", rows[:10])
        longer = await played(tmp_path / f"{seed}b", [*rows[:10], *rough(seed + 50)])
        assert longer.entries()[: len(short.entries())] == short.entries()


@pytest.mark.parametrize("steps", [[20], list(range(1, 21)), [8, 16, 20], [7, 9, 20]])
@pytest.mark.parametrize("late", [timedelta(0), JITTER])
async def test_funding_is_paid_once_at_each_stamp(
    steps: list[int], late: timedelta, tmp_path: Path
) -> None:
    book = await played(tmp_path, [CALM] * 20, stamps=stamps(0, 8, 16, late=late), steps=steps)
    paid = book.funding_payments()
    assert [(p.at, p.amount, p.price) for p in paid] == [
        (T + 8 * H, D("0.1"), D(100)),
        (T + 16 * H, D("0.1"), D(100)),
    ]
    assert book.ledger().funding == D("0.2")


async def test_funding_falls_on_what_was_held_before_the_bar_of_the_stamp(tmp_path: Path) -> None:
    stopped = [CALM, CALM, (90, 90, 90, 90, 5), CALM]
    book = await played(tmp_path, stopped, stamps=stamps(2, 3))
    assert [p.at for p in book.funding_payments()] == [T + 2 * H]
    (trade,) = book.trades()
    assert trade.funding == D("0.1")


async def test_a_short_receives_what_a_long_pays(tmp_path: Path) -> None:
    book = await played(tmp_path, [CALM] * 3, stamps=stamps(2), side="short")
    assert [p.amount for p in book.funding_payments()] == [D("-0.1")]


async def test_a_stamp_before_any_price_is_not_paid(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    source = VenueSource({SYMBOL: bars([CALM] * 3)}, stamps=stamps(2))
    source.spoken[SYMBOL] = None
    await paper(book, source).advance(T + 3 * H)
    assert book.funding_payments() == []
    with pytest.raises(DataError, match="no price"):
        await paper(book, source).marks(T + 3 * H)


async def test_bars_of_a_symbol_that_is_neither_held_nor_worked_are_skipped(tmp_path: Path) -> None:
    quiet = open_journal(tmp_path)
    source = VenueSource({SYMBOL: bars([CALM] * 3), OTHER: bars([CALM] * 3)}, stamps=stamps(2))
    await paper(quiet, source).advance(T + 3 * H)
    assert source.asked_for_bars == []
    assert quiet.cursor() == T + 3 * H
    book = open_journal(tmp_path, name="busy")
    work(book, *approved())
    await paper(book, source).advance(T + 3 * H)
    assert {e.symbol for e in book.entries()} == {SYMBOL}


async def test_two_symbols_are_played_in_the_order_of_time(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    work(book, *approved(symbol=OTHER, run="other"))
    fall: Row = (90, 90, 90, 90, 5)
    source = VenueSource({SYMBOL: bars([CALM, CALM, fall]), OTHER: bars([CALM, fall, CALM])})
    await paper(book, source).advance(T + 3 * H)
    assert [(f.symbol, f.leg) for f in book.fills()] == [
        (SYMBOL, "entry"), (OTHER, "entry"), (OTHER, "stop"), (SYMBOL, "stop"),
    ]  # fmt: skip


async def test_the_venue_never_goes_back_and_never_plays_an_open_bar(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    venue = paper(book, VenueSource({SYMBOL: bars([CALM] * 3)}))
    await venue.advance(T + H - JITTER)
    assert (book.cursor(), filled(book)) == (T, [])
    await venue.advance(T + H + JITTER)
    before = end_state(book)
    await venue.advance(T)
    await venue.advance(T + H)
    assert end_state(book) == before
    assert book.cursor() == T + H


async def test_what_happened_is_told_once_with_its_orders(tmp_path: Path) -> None:
    book, news = open_journal(tmp_path), list[VenueNews]()
    entry = work(book, *approved())
    venue = paper(book, VenueSource({SYMBOL: bars([CALM, CALM, (90, 90, 90, 90, 5)])}), news)
    for hours in (1, 2, 3):
        await venue.advance(T + hours * H)
    opened, closed = news
    assert [(o.client_order_id, f.leg) for o, f in opened.fills] == [
        (entry.client_order_id, "entry")
    ]
    assert [f.leg for _, f in closed.fills] == ["stop"]
    assert [(o.leg, s.value) for o, s in closed.steps] == [
        ("stop", "filled"), ("target_1", "cancelled"),
    ]  # fmt: skip


async def test_marks_are_known_for_what_is_held_or_worked(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    source = VenueSource({SYMBOL: bars([CALM] * 3), OTHER: bars([CALM] * 3)})
    assert await paper(book, source).marks(T + H) == {SYMBOL: D(100)}


# On a live market with an order book


NOW = T + timedelta(minutes=30)


def live(quantity: str = "9", *, origin_live: bool = True) -> VenueSource:
    book = OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D("99.9"), D(quantity)),),
        asks=(Level(D("100.1"), D(quantity)),),
    )
    return VenueSource({SYMBOL: bars([CALM] * 9)}, live=origin_live, book=book)


async def test_on_a_live_market_a_market_order_is_taken_out_of_the_book(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    await paper(book, live()).settle(NOW)
    assert filled(book) == [("entry", D("100.1"))]
    assert book.fills()[0].expected_price == D(100)
    assert statuses(book) == {"entry": "filled", "stop": "working", "target_1": "working"}
    assert book.cursor() == T
    await paper(book, live()).settle(NOW)
    assert len(book.fills()) == 1


@pytest.mark.parametrize(
    "source",
    [live("0.5"), live(origin_live=False), VenueSource({}, live=True)],
    ids=["thin book", "recorded market", "no book"],
)
async def test_without_a_real_book_that_holds_it_a_market_order_waits_for_its_bar(
    source: VenueSource, tmp_path: Path
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    await paper(book, source).settle(NOW)
    assert statuses(book) == {"entry": "working"}


async def test_a_book_that_is_absent_now_leaves_the_order_working(tmp_path: Path) -> None:
    book, source = open_journal(tmp_path), live()
    source.the_book = None
    work(book, *approved())
    await paper(book, source).settle(NOW)
    assert statuses(book) == {"entry": "working"}


async def test_a_limit_entry_is_not_taken_out_of_the_book(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    work(book, *approved(entry="101"))
    await paper(book, live()).settle(NOW)
    assert statuses(book) == {"entry": "working"}


async def test_an_entry_that_comes_late_to_a_live_market_ends_unfilled(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    order = work(book, *approved())
    await paper(book, live()).settle(T + 5 * H)
    assert statuses(book) == {"entry": "expired"}
    assert book.stored_plan(order.plan_id).status == PlanStatus.EXPIRED


def exit_at(book: Journal, hours: int) -> Order:
    held = book.position(SYMBOL)
    assert held is not None
    order = close_order(held, "exit", T + hours * H, f"run {hours}", "paper", D(0))
    book.commit_exit(order)
    book.step(order, OrderStatus.SENDING)
    return order


async def test_an_exit_half_sent_when_the_stop_fired_does_not_trade_on_a_live_market(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    source = VenueSource(
        {SYMBOL: bars([CALM, (90, 91, 89, 90, 5)])}, live=True, book=live().the_book
    )
    venue = paper(book, source)
    await venue.advance(T + H)
    order = exit_at(book, 1)
    await venue.advance(T + 2 * H)
    book.step(order, OrderStatus.WORKING)
    await venue.settle(T + 2 * H)
    assert [f.leg for f in book.fills()] == ["entry", "stop"]
    assert statuses(book)["close"] == "cancelled"
    assert book.ledger().positions == {}


async def test_two_exits_of_one_position_close_it_once_on_a_live_market(tmp_path: Path) -> None:
    book, source = open_journal(tmp_path), live()
    work(book, *approved())
    venue = paper(book, source)
    await venue.settle(NOW)
    for hours in (1, 2):
        book.step(exit_at(book, hours), OrderStatus.WORKING)
    await venue.settle(T + 2 * H)
    assert [(f.leg, f.quantity) for f in book.fills()] == [("entry", D(1)), ("close", D(1))]
    assert sorted(o.status.value for o in book.orders() if o.leg == "close") == [
        "cancelled", "filled",
    ]  # fmt: skip
    assert len(book.trades()) == 1


async def test_an_exit_sent_after_the_position_went_is_cancelled_by_the_next_bar(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    work(book, *approved())
    venue = paper(book, VenueSource({SYMBOL: bars([CALM, (100, 100, 90, 92, 9), CALM])}))
    await venue.advance(T + H)
    order = exit_at(book, 1)
    await venue.advance(T + 2 * H)
    book.step(order, OrderStatus.WORKING)
    await venue.advance(T + 3 * H)
    assert statuses(book)["close"] == "cancelled"
    assert len(book.trades()) == 1
    assert book.ledger() == book.replayed()
