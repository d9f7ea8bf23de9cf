"""The paper venue as a whole: its time, what it takes and refuses, and what it charges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.paper.venue import PaperBroker
from domain.clock import FixedClock
from domain.errors import StateError
from market.protocol import FundingStamp
from tests.broker.house import SYMBOLS, WHOLE, House, paper
from tests.broker.paper.counter import TENTH, Counter, order, told
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
    open_journal,
)

JITTER = timedelta(milliseconds=4)
FALL: Row = (90, 90, 90, 90, 5)


async def test_a_venue_left_in_the_middle_of_a_bar_says_where_it_was_going(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, FALL, CALM])
    await counter.send(order("in", "buy market"))
    assert counter.venue.unfinished is None
    assert await counter.next(3) is not None
    counter.again()
    assert (counter.venue.cursor, counter.venue.unfinished) == (T, T + 3 * H)
    await counter.play(3)
    assert (counter.venue.cursor, counter.venue.unfinished) == (T + 3 * H, None)


async def test_bars_are_not_asked_for_while_nothing_is_held_or_worked(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM] * 4, stamps=[FundingStamp(T + 2 * H, D("0.001"))])
    assert await counter.play(3) == []
    assert counter.source.asked_for_bars == []
    assert counter.venue.cursor == T + 3 * H
    await counter.send(order("in", "buy market", hours=3))
    await counter.play(4)
    assert set(counter.source.asked_for_bars) == set(SYMBOLS)


async def test_two_symbols_are_played_in_the_order_of_time(tmp_path: Path) -> None:
    source = VenueSource({SYMBOL: bars([CALM, CALM, FALL]), OTHER: bars([CALM, FALL, CALM])})
    house = House(tmp_path, source)
    await house.work(*approved())
    await house.work(*approved(symbol=OTHER, run="other"))
    await house.advance(3)
    assert [(f.symbol, f.leg) for f in house.book.fills()] == [
        (SYMBOL, "entry"), (OTHER, "entry"), (OTHER, "stop"), (SYMBOL, "stop"),
    ]  # fmt: skip


async def test_the_venue_never_goes_back_and_never_plays_an_open_bar(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM] * 3)
    await counter.send(order("in", "buy market"))
    assert await counter.venue.news(T + H - JITTER) is None
    assert counter.venue.cursor == T
    assert await counter.venue.news(T + H + JITTER) is not None
    await counter.play(1)
    for hours in (0, 1):
        assert await counter.next(hours) is None
        assert counter.venue.cursor == T + H
    assert len(await counter.log()) == 1


async def test_a_venue_goes_on_where_it_was_whatever_start_is_named(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM] * 9)
    await counter.send(order("in", "buy market"))
    await counter.play(5)
    book = open_journal(tmp_path)
    later = PaperBroker(
        book.database, "s", counter.source, SYMBOLS, {"USDT": D(1)}, T + 99 * H, FixedClock(T)
    )
    assert later.cursor == T + 5 * H
    elsewhere = paper(open_journal(tmp_path, name="other"), counter.source)
    assert (elsewhere.cursor, await elsewhere.executions(T)) == (T, [])


async def test_a_venue_whose_session_was_taken_over_keeps_nothing_more(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM] * 3)
    await counter.send(order("in", "buy market"))
    old = counter.venue
    counter.again()
    with pytest.raises(StateError, match="taken over"):
        await old.send(order("more", "buy market"))
    with pytest.raises(StateError, match="taken over"):
        await old.news(T + 2 * H)
    assert await counter.log() == []
    assert [told(e)[0] for e in await counter.play()] == ["in"]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (order("a", "buy market", "0.0009"), "below the least"),
        (order("a", "sell stop 95", exits=True), "nothing to reduce"),
        (order("a", "sell limit 110"), "0 BTC held, 1 sold"),
        (order("a", "buy market", symbol=OTHER), "is not traded"),
    ],
)
async def test_what_the_venue_does_not_take_it_says_why(
    one: object, reason: str, tmp_path: Path
) -> None:
    counter = Counter(tmp_path, [CALM], kind="spot")
    counter.source.inactive = frozenset({OTHER})
    (ack,) = await counter.send(one)  # type: ignore[arg-type]  # an order
    assert not ack.accepted
    assert reason in ack.reason
    counter.again()
    assert (await counter.status("a"))[0] == "rejected"
    assert await counter.play() == []


async def test_a_spot_venue_sells_what_it_holds(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM, CALM], kind="spot", terms=TENTH)
    await counter.send(order("in", "buy market", "2"))
    await counter.play(1)
    (yes, no) = await counter.send(
        order("a", "sell limit 99.5", "1", hours=1), order("b", "sell limit 99.5", "1.1", hours=1)
    )
    assert (yes.accepted, no.accepted) == (True, False)


async def test_a_fee_of_a_spot_purchase_may_be_taken_from_what_was_bought(tmp_path: Path) -> None:
    terms = replace(WHOLE, buy_fee_currency="base")
    counter = Counter(tmp_path, [CALM, CALM], kind="spot", terms=terms)
    await counter.send(order("in", "buy market", "2"))
    (one,) = await counter.play(1)
    assert (one.fee, one.fee_currency) == (D("0.002"), "base")
    assert dict(await counter.venue.positions()) == {SYMBOL: D("1.998")}
    await counter.send(order("out", "sell market", "2", hours=1, exits=True))
    (out,) = await counter.play(2)
    assert (out.quantity, out.fee, out.fee_currency) == (D("1.998"), D("0.1998"), "quote")
    assert dict(await counter.venue.positions()) == {}


async def test_a_perpetual_pays_its_fees_in_quote(tmp_path: Path) -> None:
    counter = Counter(tmp_path, [CALM], terms=replace(WHOLE, buy_fee_currency="base"))
    await counter.send(order("in", "buy market"))
    (one,) = await counter.play()
    assert (one.fee, one.fee_currency) == (D("0.1"), "quote")
