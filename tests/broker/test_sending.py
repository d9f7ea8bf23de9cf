"""What may be sent when somebody, or something, said stop: exits always, entries never."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from broker.dispatcher import Dispatcher
from broker.outbox import entry_order
from broker.protocol import VenueOrder
from broker.review import Review, Reviewed
from domain.clock import FixedClock
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus, PlanStatus, TradingState
from domain.orders import Order
from domain.plan import TradePlan
from domain.verdict import Approved
from journal.batch import Batch
from journal.kill_switch import KILL_SWITCH
from journal.operator import EVERY, record_act
from journal.reading import StoredPlan
from policies.trading_state import StateEntry
from tests.broker.desk import LAST, NOW, Desk, codes, decided_plan, gate
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import OTHER, SYMBOL, TICK, D, approved, close_of, exits_of, work
from tests.journal.hand import fill
from tests.places import place_in
from traces.database import Database
from traces.tables import METADATA

DAY = timedelta(days=1)


def held_exit(desk: Desk) -> Order:
    """A position in the other symbol, with its stop, and the unsent order to close it."""
    plan, verdict = approved(symbol=OTHER, run="earlier", at=NOW - DAY, targets=[("110", "0.001")])
    entry = work(desk.book, plan, verdict)
    bought = fill("buy", "0.001", "30000", symbol=OTHER)
    done = replace(entry, status=OrderStatus.FILLED, filled=entry.quantity)
    desk.book.apply(
        Batch(
            orders=[done, *exits_of(plan, verdict)],
            plans=[(plan.plan_id, PlanStatus.OPEN)],
            entries=[replace(bought, plan_id=plan.plan_id)],
        )
    )
    held = desk.book.position(OTHER)
    assert held is not None
    order = close_of(held, NOW)
    desk.book.commit_exit(order)
    return order


def halted(desk: Desk, _: Path) -> None:
    desk.book.record_state(StateEntry(TradingState.HALTED, NOW - DAY, None, "drawdown"))


def reducing(desk: Desk, _: Path) -> None:
    desk.book.record_state(StateEntry(TradingState.REDUCING, NOW, NOW + DAY, "a loss"))


def kill_switch(_: Desk, folder: Path) -> None:
    (folder / KILL_SWITCH).touch()


def unreadable_kill_switch(_: Desk, folder: Path) -> None:
    folder.unlink()
    folder.symlink_to(folder)


def stale_data(desk: Desk, _: Path) -> None:
    desk.source.spoken[SYMBOL] = None


Stop = Callable[[Desk, Path], None]
STOPS = pytest.mark.parametrize(
    ("stop", "code"),
    [
        (halted, "TRADING_HALTED"),
        (reducing, "TRADING_HALTED"),
        (kill_switch, "KILL_SWITCH"),
        (unreadable_kill_switch, "KILL_SWITCH"),
        (stale_data, "STALE_DATA"),
    ],
)


@STOPS
async def test_an_exit_goes_out_and_an_entry_does_not(
    stop: Stop, code: str, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    folder = tmp_path / "link"
    folder.symlink_to(tmp_path / "home")
    venue = KeptVenue()
    desk = Desk(folder, venue)
    order = await desk.commit()
    leaving = held_exit(desk)
    stop(desk, folder)
    await desk.dispatch()
    assert venue.sent == [leaving.client_order_id]
    assert [t.order.leg for t in desk.told] == ["close", "entry"]
    assert codes(desk.told[1:]) == (code,)
    assert desk.status() == ("denied", "rejected")
    assert desk.told[1].order.client_order_id == order.client_order_id


class StoppedAfter(Review):
    """The gate, and somebody who says stop when it has just approved."""

    def __init__(self, gate: Review, stop: Callable[[], None]) -> None:
        self._gate = gate
        self._stop = stop

    @override
    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        reviewed = await self._gate.review(stored, answered)
        assert reviewed.verdict.approved
        self._stop()
        return reviewed


def kill_word(_: Desk, folder: Path) -> None:
    other_process = Database.open(place_in(folder), METADATA)
    record_act(other_process, "s", "kill", "a test", NOW)
    other_process.close()


def kill_of_every(desk: Desk, _: Path) -> None:
    record_act(desk.book.database, EVERY, "kill", "a test", NOW)


@pytest.mark.parametrize("half_sent", [False, True], ids=["new", "half sent"])
@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (halted, "TRADING_HALTED"),
        (reducing, "TRADING_HALTED"),
        (kill_switch, "KILL_SWITCH"),
        (unreadable_kill_switch, "KILL_SWITCH"),
        (kill_word, "KILL_SWITCH"),
        (kill_of_every, "KILL_SWITCH"),
    ],
)
async def test_a_stop_between_the_review_and_the_sending_wins(
    stop: Stop, code: str, half_sent: bool, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    folder = tmp_path / "link"
    folder.symlink_to(tmp_path / "home")
    venue = KeptVenue()
    desk = Desk(folder, venue)
    order = await desk.commit()
    if half_sent:
        desk.book.step(order, OrderStatus.SENDING)
    review = StoppedAfter(desk.gate(NOW), lambda: stop(desk, folder))
    clock = FixedClock(NOW)
    await Dispatcher(desk.book, venue, desk.follower, review, clock, desk.told.append).dispatch()
    assert venue.sent == []
    assert desk.status() == ("denied", "rejected")
    assert codes(desk.told) == (code,)
    assert desk.told[0].reason
    assert desk.book.denied_at_send() == [[code]]


async def test_without_a_stop_both_go_out_the_exit_first(tmp_path: Path) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    order = await desk.commit()
    leaving = held_exit(desk)
    await desk.dispatch()
    assert venue.sent == [leaving.client_order_id, order.client_order_id]
    case = desk.told[1].case
    assert case is not None
    assert (case.head_version, case.market.clock_jump_s) == (1, 0)
    assert case.account.reconciled is True
    assert case.account.positions[0].open_risk is not None


async def test_a_halt_survives_the_reopening_of_the_database(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit()
    halted(desk, tmp_path)
    desk.book.database.close()
    again = Desk(tmp_path, KeptVenue())
    again.plan = desk.plan
    await again.dispatch()
    assert codes(again.told) == ("TRADING_HALTED",)


async def test_a_state_that_has_ended_holds_nothing_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit()
    desk.book.record_state(StateEntry(TradingState.REDUCING, NOW - DAY, NOW, "a loss"))
    await desk.dispatch()
    assert desk.status() == ("working", "working")


async def test_a_plan_that_a_later_version_replaces_is_not_sent(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    order = await desk.commit()
    desk.book.step(order, OrderStatus.SENDING)
    newer = desk.plan.model_copy(update={"plan_id": "newer", "version": 2})
    desk.book.commit_plan(newer, await verdict_of(desk, order), [])
    await desk.dispatch()
    assert codes(desk.told) == ("PLAN_SUPERSEDED",)


async def verdict_of(desk: Desk, order: Order) -> Approved:
    """The verdict that the plan was committed with."""
    return Approved(desk.book.stored_plan(order.plan_id).bracket, ())


async def half_sent(desk: Desk) -> list[Order]:
    """Two entries of two runs, both being sent when the process died."""
    first = await desk.commit()
    verdict = await verdict_of(desk, first)
    other: TradePlan = desk.plan.model_copy(
        update={
            "plan_id": "other",
            "run_id": "another",
            "draft": desk.plan.draft.model_copy(update={"horizon_bars": 7}),
        }
    )
    second = entry_order(other, verdict.bracket, TICK, NOW, "paper")
    desk.book.commit_plan(other, verdict, [second])
    for order in (first, second):
        desk.book.step(order, OrderStatus.SENDING)
    return [first, second]


async def test_every_question_is_asked_before_anything_is_taken_up_again(tmp_path: Path) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    first, second = await half_sent(desk)
    leaving = held_exit(desk)
    await desk.dispatch()
    assert venue.sent[0] == leaving.client_order_id
    assert len(venue.sent) == 2
    seen = {t.order.client_order_id: t.case for t in desk.told if t.case}
    assert set(seen) == {first.client_order_id, second.client_order_id}
    assert all(case.account.reconciled for case in seen.values())
    assert all("NOT_RECONCILED" not in t.verdict.codes for t in desk.told if t.verdict)


async def test_while_the_venue_is_silent_nothing_is_sent(tmp_path: Path) -> None:
    class Silent(KeptVenue):
        @override
        async def find(self, client_order_id: str) -> VenueOrder | None:
            raise Unreachable(f"no answer about {client_order_id}")

    desk = Desk(tmp_path, Silent())
    await half_sent(desk)
    with pytest.raises(Unreachable):
        await desk.dispatch()
    assert desk.told == []


async def test_a_decision_beside_an_open_question_is_denied(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    order = await desk.commit()
    desk.book.step(order, OrderStatus.SENDING)
    verdict = await gate(desk.book, desk.observer, decided_plan(LAST * D("0.999")), desk.policy)
    assert verdict.codes == ("NOT_RECONCILED",)
