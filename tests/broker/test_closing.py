"""A position that is to be closed is closed: tried until it is done, and never twice at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from broker.closing import FIRST_PAUSE, LONGEST_PAUSE, close_order, reduce_order, retry_at
from broker.closing import closes as those_wanted
from broker.exits import exit_order, in_order
from broker.guard import Guard
from broker.outbox import PAPER_ACCOUNT
from domain.candles import Timeframe
from domain.lifecycle import OrderStatus
from domain.orders import CloseReason, Order, Position
from journal.batch import Batch
from market.observe import Observer
from policies.settings import Policy
from tests.broker.house import SYMBOLS
from tests.broker.kept_venue import KeptVenue
from tests.broker.test_booking import SOON, Stage
from tests.broker.venue import SYMBOL, D, H, T, VenueSource, approved, close_of

SECOND = timedelta(seconds=1)
ON = VenueSource({}).instrument(SYMBOL)


def closes(stage: Stage) -> list[Order]:
    found = [o for o in stage.book.orders() if o.leg == "close"]
    assert len({o.client_order_id for o in found}) == len(found)
    return found


def statuses(stage: Stage) -> list[str]:
    return [o.status.value for o in closes(stage)]


async def held(folder: Path, *legs: str, **plan: object) -> Stage:
    """One that is held at a venue which refuses these legs."""
    stage = Stage(folder, KeptVenue(refused_legs=frozenset(legs)))  # type: ignore[arg-type]
    await stage.hear(stage.trade(await stage.enter(**plan), "1"))
    return stage


async def test_a_close_at_the_horizon_is_tried_again_until_it_is_done(tmp_path: Path) -> None:
    stage = await held(tmp_path, "close", open_for=2 * H)
    due, executor = T + 2 * H, stage.house.executor
    await executor.advance(due)
    await executor.advance(due + 29 * SECOND)
    assert statuses(stage) == ["rejected"]
    await executor.advance(due + 30 * SECOND)
    await executor.advance(due + 89 * SECOND)
    assert statuses(stage) == ["rejected"] * 2
    stage.venue.refused_legs = frozenset()
    await executor.advance(due + 90 * SECOND)
    assert statuses(stage) == ["rejected", "rejected", "working"]
    assert stage.legs()["stop"][0] == "working"
    await executor.advance(due + 9 * H)
    assert {(o.reason, o.quantity) for o in closes(stage)} == {("time", D(1))}
    stage.venue.tell(stage.trade(closes(stage)[-1].client_order_id, "1", "99"))
    await executor.advance(due + 9 * H)
    assert [(t.close_reason, t.quantity) for t in stage.book.trades()] == [("time", D(1))]
    await executor.advance(due + 99 * H)
    assert len(closes(stage)) == 3


@pytest.mark.parametrize("reason", ["exit", "manual", "stale"])
async def test_every_close_that_the_venue_refused_is_tried_again_for_its_reason(
    reason: CloseReason, tmp_path: Path
) -> None:
    stage = await held(tmp_path, "close")
    position = stage.book.position(SYMBOL)
    assert position is not None
    stage.book.commit_exit(close_of(position, SOON, reason=reason))
    await stage.house.executor.settle(SOON)
    assert statuses(stage) == ["rejected"]
    stage.venue.refused_legs = frozenset()
    await stage.house.executor.settle(SOON + FIRST_PAUSE)
    assert statuses(stage) == ["rejected", "working"]
    assert {(o.reason, o.run_id) for o in closes(stage)} == {(reason, "later")}


async def test_a_position_without_a_stop_is_tried_to_be_closed_without_any_news(
    tmp_path: Path,
) -> None:
    stage = await held(tmp_path, "stop", "close")
    assert statuses(stage) == ["rejected"]
    stage.venue.refused_legs = frozenset({"stop"})
    await stage.house.executor.advance(SOON + FIRST_PAUSE)
    assert statuses(stage) == ["rejected", "working"]
    assert {o.reason for o in closes(stage)} == {"unguarded"}


async def test_what_was_refused_for_days_is_asked_once_an_hour(tmp_path: Path) -> None:
    stage = await held(tmp_path, "close", open_for=2 * H)
    await stage.house.executor.advance(T + 50 * H)
    assert 48 < len(closes(stage)) < 60
    made = [o.created_at for o in closes(stage)]
    assert max(b - a for a, b in pairwise(made)) == LONGEST_PAUSE


async def test_after_a_restart_the_attempts_go_on_where_they_were(tmp_path: Path) -> None:
    stage = await held(tmp_path, "close", open_for=2 * H)
    await stage.house.executor.advance(T + 2 * H + 31 * SECOND)
    again = Stage(tmp_path, stage.venue)
    await again.house.executor.advance(T + 3 * H)
    undisturbed = await held(tmp_path / "other", "close", open_for=2 * H)
    await undisturbed.house.executor.advance(T + 3 * H)
    assert closes(again) == closes(undisturbed)


def test_an_attempt_that_brought_something_is_followed_at_once() -> None:
    position = Position(SYMBOL, D(1), D(100), T, approved()[0].plan_id)
    first = replace(close_of(position, T), status=OrderStatus.CANCELLED)
    assert retry_at([first]) == T + FIRST_PAUSE
    assert retry_at([replace(first, filled=D("0.5"))]) is None
    assert retry_at([replace(first, status=OrderStatus.WORKING)]) is None
    assert retry_at(those_wanted([replace(first, reason="liquidation")])) is None


def test_what_is_being_closed_is_not_closed_twice_and_dust_not_at_all() -> None:
    position = Position(SYMBOL, D(1), D(100), T, approved()[0].plan_id)
    first = close_of(position, T, run="run")
    assert close_of(position, T + H, run="run", orders=[first]) == first
    more = (ON, "exit", T, "other", PAPER_ACCOUNT, D(0))
    assert close_order(position, [first], *more) is None
    assert close_order(replace(position, quantity=D("0.0009")), [], *more) is None
    part = close_order(replace(position, quantity=D("-1.0009")), [], *more)
    assert part is not None
    assert (part.quantity, part.side) == (D(1), "buy")


@pytest.mark.parametrize("back", [0, 1])
def test_the_newest_of_several_stops_is_the_one_named_last(back: int) -> None:
    """However many are made at one moment, and when the clock was set back in between."""
    plan, verdict = approved()
    stops = [
        exit_order(plan, verdict.bracket, "stop", D(1), D(95), T - n * back * H, PAPER_ACCOUNT, n)
        for n in range(12)
    ]
    mixed = [*stops, exit_order(plan, verdict.bracket, "target_1", D(1), D(110), T, PAPER_ACCOUNT)]
    for seed in range(9):
        Random(seed).shuffle(mixed)
        assert [o for o in in_order(mixed, 1, PAPER_ACCOUNT) if o.leg == "stop"] == stops


async def test_a_stop_replaced_twice_at_one_moment_stands_where_the_last_one_did(
    tmp_path: Path,
) -> None:
    stage = await held(tmp_path)
    for number in range(6):
        stop = stage.book.order(next(o.client_order_id for o in live_stops(stage)))
        assert stop is not None
        moved = replace(stop, price=D(96) + number).placed(stop.quantity, D(96) + number)
        dead = replace(moved, status=OrderStatus.CANCELLED)
        stage.book.apply(Batch([dead]))
        stage.house.follower.guard(dead.plan_id, SOON)
        await stage.house.dispatcher.exits(SOON)
        assert [o.price for o in live_stops(stage)] == [D(96) + number]


def live_stops(stage: Stage) -> list[Order]:
    return [o for o in stage.book.orders(OrderStatus.WORKING) if o.leg == "stop"]


async def test_a_plan_without_an_entry_order_is_left_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    plan, verdict = approved()
    stage.book.commit_plan(plan, verdict, [])
    stage.house.follower.guard(plan.plan_id, SOON)
    await stage.house.executor.reconcile(SOON)
    assert stage.house.plan_status() == "approved"


async def test_what_comes_nowhere_is_closed_in_whole_steps(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    one = stage.trade(await stage.enter(), "1", fee="0.0005", currency="base")
    await stage.hear(one)
    source, policy = stage.house.source, Policy(stale_after_bars=1, stale_below_r_ratio=D(9))
    guard = Guard(stage.book, source, Observer(source, Timeframe.H1, SYMBOLS), policy, Timeframe.H1)
    await guard.manage(T + 5 * H)
    assert [(o.reason, o.quantity) for o in closes(stage)] == [("stale", D("0.999"))]


async def test_settling_keeps_deadlines_as_advancing_does(tmp_path: Path) -> None:
    stage = await held(tmp_path, open_for=2 * H)
    await stage.house.executor.settle(T + 2 * H)
    assert [(o.reason, o.created_at) for o in closes(stage)] == [("time", T + 2 * H)]
    waiting = Stage(tmp_path / "other")
    entry = await waiting.enter(entry="99")
    await waiting.house.executor.settle(T + H)
    assert waiting.venue.book[entry].status == "cancelled"
    assert waiting.legs()["entry"][0] == "expired"


def reduced(
    close: Order, position: Position, orders: list[Order], fraction: Decimal, price: str = "100"
) -> Order:
    return reduce_order(close, position, orders, fraction, ON, PAPER_ACCOUNT, D(price))


@pytest.mark.parametrize(("price", "leg"), [("100", "reduce"), ("1", "close"), ("2", "reduce")])
def test_what_a_share_is_worth_is_reckoned_at_the_price_of_now(price: str, leg: str) -> None:
    """The venue takes nothing below 1: bought at 100 and fallen to 1, half of it is too little."""
    position = Position(SYMBOL, D(1), D(100), T, "plan")
    close = close_of(position, T, reason="exit")
    assert reduced(close, position, [], D("0.5"), price).leg == leg


def test_a_scale_out_said_again_is_the_same_order_and_another_one_is_not() -> None:
    position = Position(SYMBOL, D(1), D(100), T, "plan")
    close = close_of(position, T, reason="exit")
    half = reduced(close, position, [], D("0.5"))
    assert (half.leg, half.quantity) == ("reduce", D("0.5"))
    assert reduced(close, position, [half], D("0.5")) is half
    third = reduced(close, position, [half], D("0.3"))
    assert third.quantity == D("0.3")
    assert third.client_order_id != half.client_order_id
    later = replace(close, run_id="another")
    again = reduced(later, position, [half], D("0.5"))
    assert again.client_order_id != half.client_order_id
