"""A replan that something comes between: a lost answer, an operator, a stop, another word."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from agent.scripted_model import Step
from broker.exits import withdrawn
from domain.clock import FixedClock
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order
from graph.debugger import Debugger
from journal.batch import Batch
from journal.operator import record_act
from tests.graph.room import SLOT, proposal, scripted
from tests.graph.test_replan import SYMBOL, H, Room, leave, replan, room_in

D = Decimal
ADDS = "max_scale_ins_count = 1\nmax_symbol_notional_fraction = 0.9"
NO_TRADE: Step = [("no_trade", {"reason": "wait"})]


async def begun(room: Room, at: datetime, *steps: Step) -> Debugger:
    """A decision at `at`, whose answers are `steps`, not a node of it run yet."""
    clock = room.wired.context.clock
    assert isinstance(clock, FixedClock)
    clock.advance_to(at)
    await room.wired.executor.advance(at)
    context, _ = scripted(room.wired, list(steps), max_revisions_count=0)
    debugger = Debugger(context, room.saver, mode="armed")
    await debugger.start(SYMBOL, at)
    return debugger


async def ended(debugger: Debugger) -> None:
    while debugger.stop.node is not None:
        await debugger.step()


async def back_before(debugger: Debugger, node: str) -> None:
    while debugger.stop.node != node:
        await debugger.back()


async def unsent(room: Room, at: datetime, step: Step) -> Order:
    """The entry of a decision that was committed and not sent."""
    await ended(await begun(room, at, step))
    (order,) = room.orders("entry", OrderStatus.PENDING)
    return order


async def test_a_plan_is_not_over_while_its_replaced_entry_may_fill(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300, entry=5130))
        new = await unsent(room, SLOT + H, replan(entry=5140, invalidation=5125))
        room.wired.context.journal.apply(Batch(withdrawn([new])))
        await room.wired.executor.reconcile(SLOT + H)
        (old,) = room.orders("entry", OrderStatus.CANCELLING)
        assert (old.placed_price, room.plan.status) == (5130, PlanStatus.WORKING)
        await room.wired.executor.advance(SLOT + 2 * H)
        assert room.plan.status == PlanStatus.CANCELLED


async def test_an_exit_ends_a_plan_whose_new_entry_was_not_sent(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300, entry=5130))
        await unsent(room, SLOT + H, replan(entry=5140, invalidation=5125))
        await room.decide(SLOT + 2 * H, leave())
        assert [o.status for o in room.orders("entry")] == ["cancelled", "cancelled"]
        assert room.plan.status == PlanStatus.CANCELLED


async def test_nothing_is_added_to_what_an_operator_closes(tmp_path: Path) -> None:
    async with room_in(tmp_path, ADDS) as room:
        await room.decide(SLOT, proposal(5300))
        added = await unsent(room, SLOT + H, replan(add=True, invalidation=5135))
        journal = room.wired.context.journal
        record_act(journal.database, journal.session, "flatten", "out", SLOT + H)
        await room.wired.executor.settle(SLOT + H)
        assert journal.order(added.client_order_id) in room.orders("entry", OrderStatus.DENIED)
        assert room.plan.plan.version == 1
        await room.wired.executor.advance(SLOT + 2 * H)
        assert room.plan.status == PlanStatus.CLOSED


async def test_nothing_half_sent_is_added_after_the_stop_and_the_plan_closes(
    tmp_path: Path,
) -> None:
    async with room_in(tmp_path, ADDS) as room:
        await room.decide(SLOT + 14 * H, proposal(5300, invalidation=5128))
        added = await unsent(room, SLOT + 15 * H, replan(add=True, invalidation=5133))
        journal = room.wired.context.journal
        journal.step(added, OrderStatus.SENDING)
        await room.wired.executor.settle(SLOT + 16 * H)
        assert journal.position(SYMBOL) is None
        assert [o.leg for o in room.orders("entry", OrderStatus.DENIED)] == ["entry"]
        assert room.plan.status == PlanStatus.CLOSED
        assert [t.close_reason for t in journal.trades()] == ["stop"]


async def test_another_word_on_a_share_to_close_is_the_one_that_counts(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300))
        debugger = await begun(room, SLOT + H, leave(fraction=0.5), NO_TRADE)
        await ended(debugger)
        (half,) = room.orders("reduce")
        await back_before(debugger, "submit")
        await debugger.edit("draft.fraction", "0.25")
        await ended(debugger)
        (quarter,) = room.orders("reduce")
        assert D("0.49") < quarter.quantity / half.quantity < D("0.51")
        await back_before(debugger, "plan")
        await ended(debugger)
        assert room.orders("reduce") == []


async def test_a_plan_whose_only_entry_is_taken_back_by_another_word_is_over(
    tmp_path: Path,
) -> None:
    async with room_in(tmp_path) as room:
        await ended(await begun(room, SLOT, proposal(5300, entry=5130)))
        change = replan(entry=5140, invalidation=5115)
        debugger = await begun(room, SLOT + H, change, NO_TRADE)
        await ended(debugger)
        assert room.plan.status == PlanStatus.APPROVED
        await back_before(debugger, "plan")
        await ended(debugger)
        assert room.plan.status == PlanStatus.CANCELLED


async def test_no_other_word_takes_the_plan_of_a_position_away(tmp_path: Path) -> None:
    async with room_in(tmp_path, ADDS) as room:
        await room.decide(SLOT, proposal(5300))
        change = replan(add=True, invalidation=5135)
        debugger = await begun(room, SLOT + H, change, NO_TRADE)
        await ended(debugger)
        (added,) = room.orders("entry", OrderStatus.PENDING)
        journal = room.wired.context.journal
        version = journal.version_of(added)
        journal.resize(version.plan, version.bracket, added)
        await back_before(debugger, "plan")
        await ended(debugger)
        assert room.orders("entry", OrderStatus.PENDING) == []
        assert (room.plan.status, journal.newest_version(added.plan_id)) == (PlanStatus.OPEN, 2)
        await room.wired.executor.advance(SLOT + 2 * H)
        (stop,) = room.orders("stop", OrderStatus.WORKING)
        position = journal.position(SYMBOL)
        assert position is not None
        assert stop.remaining == position.quantity
