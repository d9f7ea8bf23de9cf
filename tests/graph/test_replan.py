"""A plan that stands is changed by a later decision, through the real graph, gate and venue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from agent.scripted_model import Step
from app.session import ORDER_DELAY
from app.wire import Wired
from broker.booking import Booking
from broker.protocol import Execution, News
from domain.clock import FixedClock, iso
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order
from domain.verdict import Approved
from graph.committing import commit_levels
from graph.run import Runner, open_saver
from graph.state import RunState
from journal.reading import StoredPlan
from tests.graph.room import SLOT, UNASKED, proposal, scripted, wired_session

D = Decimal
H = timedelta(hours=1)
SYMBOL = "BTC/USD"


def replan(**changes: Any) -> Step:
    """A change of the plan that stands, as a model says it."""
    draft = {
        "targets": [{"price": 5300}],
        "invalidation": 5120,
        "horizon_bars": 24,
        "thesis": "The range holds.",
        "confidence": 0.7,
    }
    return [("replan", {**draft, **changes})]


def leave(**changes: Any) -> Step:
    return [("propose_exit", {"thesis": "enough", **changes})]


@dataclass
class Room:
    """A session whose decisions are scripted, and what became of them."""

    wired: Wired
    saver: Any

    async def decide(self, at: datetime, *steps: Step) -> dict[str, Any]:
        """Follow the venue to `at`, decide, and send what was decided."""
        clock = self.wired.context.clock
        assert isinstance(clock, FixedClock)
        clock.advance_to(at)
        await self.wired.executor.advance(at)
        context, model = scripted(self.wired, list(steps), max_revisions_count=0)
        final = await Runner(context, self.saver).decide(SYMBOL, at)
        model.assert_finished()
        clock.advance_to(at + ORDER_DELAY)
        await self.wired.executor.dispatch()
        return final

    @property
    def plan(self) -> StoredPlan:
        (stored,) = self.wired.context.journal.plans()
        return stored

    def orders(self, leg: str, *statuses: OrderStatus) -> list[Order]:
        orders = self.wired.context.journal.plan_orders(self.plan.plan.plan_id)
        return [o for o in orders if o.leg == leg and (not statuses or o.status in statuses)]


@asynccontextmanager
async def room_in(home: Path, limits: str = "") -> AsyncIterator[Room]:
    """A session whose entries rest for some bars, and some other limits."""
    policy = f"{UNASKED}max_entry_age_bars = 4\n{limits}\n"
    async with wired_session(home, limits=policy) as wired, open_saver(home / "c.db") as saver:
        yield Room(wired, saver)


async def test_an_unfilled_entry_is_replaced_once_the_old_one_is_dead(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        first = await room.decide(SLOT, proposal(5300, entry=5130))
        (old,) = room.orders("entry")
        assert (first["outcome"], old.status) == ("approved", "working")
        risked = room.plan.risk_amount
        change = replan(entry=5140, invalidation=5125)
        second = await room.decide(SLOT + H, change)
        assert second["outcome"] == "replan", second["reason"]
        old, new = room.orders("entry")
        assert (old.status, new.status, new.price) == ("cancelled", "working", 5140)
        assert room.plan.plan.version == 2
        assert room.plan.status == PlanStatus.WORKING
        assert room.plan.risk_amount <= risked
        versions = room.wired.context.journal.versions(room.plan.plan.plan_id)
        assert [(v.plan.version, v.plan.act) for v in versions] == [(1, "open"), (2, "replace")]


async def test_a_replan_never_risks_more_than_the_plan_did(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300, entry=5130, confidence=0.6))
        risked = room.plan.risk_amount
        wide = replan(entry=5130, invalidation=5080, targets=[{"price": 5400}])
        final = await room.decide(SLOT + H, wide)
        assert final["outcome"] == "replan", final["reason"]
        assert room.plan.bracket.stop_price == 5080
        assert room.plan.risk_amount <= risked
        assert "replan" in {step.name for step in room.plan.bracket.sizing}


async def test_new_levels_move_the_stop_closer_and_replace_the_targets(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300))
        await room.wired.executor.advance(SLOT + H)
        (stop,), (target,) = room.orders("stop"), room.orders("target_1")
        assert (room.plan.status, stop.price) == (PlanStatus.OPEN, 5120)
        halves = [{"price": 5250, "weight": 0.5}, {"price": 5350, "weight": 0.5}]
        final = await room.decide(SLOT + H, replan(invalidation=5130, targets=halves))
        assert final["outcome"] == "replan", final["reason"]
        (moved,) = room.orders("stop", OrderStatus.WORKING)
        assert (moved.price, moved.placed_price) == (5130, 5130)
        live = [
            *room.orders("target_1", OrderStatus.WORKING),
            *room.orders("target_2", OrderStatus.WORKING),
        ]
        assert [o.price for o in live] == [5250, 5350]
        assert sum(o.quantity for o in live) == stop.quantity
        (gone,) = room.orders("target_1", OrderStatus.CANCELLED)
        assert gone.client_order_id == target.client_order_id
        assert room.plan.plan.version == 2


async def test_a_stop_that_would_move_away_is_denied(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300))
        final = await room.decide(SLOT + H, replan(invalidation=5119))
        assert (final["outcome"], final["codes"]) == ("denied", ["REPLAN_RISK_INCREASE"])
        assert room.plan.plan.version == 1
        assert [o.price for o in room.orders("stop")] == [5120]


async def test_nothing_is_added_unless_the_policy_allows_it(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300))
        final = await room.decide(SLOT + H, replan(add=True, invalidation=5130))
        assert final["outcome"] == "denied"
        assert "SCALE_IN_LIMIT" in final["codes"]


async def test_part_of_a_position_is_closed_and_the_rest_stays_guarded(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300))
        await room.wired.executor.advance(SLOT + H)
        held = room.wired.context.journal.ledger().positions[SYMBOL].quantity
        final = await room.decide(SLOT + H, leave(fraction=0.5))
        assert final["outcome"] == "exit"
        await room.wired.executor.advance(SLOT + 2 * H)
        left = room.wired.context.journal.ledger().positions[SYMBOL].quantity
        (stop,) = room.orders("stop", OrderStatus.WORKING)
        assert D("0.49") < left / held < D("0.51")
        assert stop.remaining == left
        assert room.plan.status == PlanStatus.OPEN


async def test_an_exit_takes_back_an_unfilled_entry(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.decide(SLOT, proposal(5300, entry=5130))
        final = await room.decide(SLOT + H, leave())
        assert final["outcome"] == "exit"
        assert [o.status for o in room.orders("entry")] == ["cancelled"]
        assert room.plan.status == PlanStatus.CANCELLED


async def test_there_is_nothing_to_replan_without_a_plan(tmp_path: Path) -> None:
    async with room_in(tmp_path) as room:
        final = await room.decide(SLOT, replan())
        assert (final["outcome"], final["codes"]) == ("failed", ["NO_PLAN"])


async def test_adding_keeps_the_whole_within_the_plans_first_risk(tmp_path: Path) -> None:
    async with room_in(
        tmp_path, "max_scale_ins_count = 1\nmax_symbol_notional_fraction = 0.9"
    ) as room:
        await room.decide(SLOT, proposal(5300))
        await room.wired.executor.advance(SLOT + H)
        first = room.wired.context.journal.ledger().positions[SYMBOL]
        risked = room.plan.risk_amount
        change = replan(add=True, invalidation=5135, targets=[{"price": 5400}])
        final = await room.decide(SLOT + H, change)
        assert final["outcome"] == "replan", final["reason"]
        await room.wired.executor.advance(SLOT + 2 * H)
        held = room.wired.context.journal.ledger().positions[SYMBOL]
        (stop,) = room.orders("stop", OrderStatus.WORKING)
        (target,) = room.orders("target_1", OrderStatus.WORKING)
        assert held.quantity > first.quantity
        assert stop.remaining == target.remaining == held.quantity
        assert stop.price == room.plan.bracket.stop_price > 5120
        assert held.quantity * (held.entry_price - stop.price) <= risked == room.plan.risk_amount
        again = await room.decide(SLOT + 2 * H, replan(add=True, invalidation=5140))
        assert "SCALE_IN_LIMIT" in again["codes"]


async def test_a_replan_that_died_before_its_record_is_made_again_as_the_same(
    tmp_path: Path,
) -> None:
    async with room_in(tmp_path) as room, open_saver(tmp_path / "anew.db") as anew:
        await room.decide(SLOT, proposal(5300))
        await room.wired.executor.advance(SLOT + H)
        change = replan(invalidation=5130, targets=[{"price": 5350}])
        await room.decide(SLOT + H, change)
        journal = room.wired.context.journal
        named = [d["orders"] for d in journal.decisions()]
        before = room.plan, journal.orders()
        room.saver = anew
        again = await room.decide(SLOT + H, change)
        assert again["outcome"] == "replan"
        assert (room.plan, journal.orders()) == before
        assert [d["orders"] for d in journal.decisions()] == named
        versions = journal.versions(room.plan.plan.plan_id)
        assert [v.plan.version for v in versions] == [1, 2]


async def test_new_levels_for_what_is_sold_meanwhile_come_to_nothing(tmp_path: Path) -> None:
    """Less than a step is left: a fee in base, or a venue that sells finer than it says."""
    async with room_in(tmp_path) as room:
        first = await room.decide(SLOT, proposal(5300))
        await room.wired.executor.advance(SLOT + H)
        context, stood = room.wired.context, room.plan
        (stop,) = room.orders("stop")
        sold = stop.quantity - context.source.instrument(SYMBOL).quantity_step / 2
        name, at = stop.client_order_id, SLOT + H
        told = Execution("x", name, SYMBOL, "sell", sold, D(5120), D(0), "quote", at)
        booking = Booking(context.journal, context.source.instrument, context.account_name, at)
        context.journal.apply(booking.take(News([told])).batch)
        assert room.plan.status == PlanStatus.CLOSED
        assert context.journal.position(SYMBOL) is not None
        newer = stood.plan.model_copy(update={"version": 2, "act": "adjust"})
        state = cast(RunState, {**first, "as_of": iso(at)})
        assert commit_levels(context, state, newer, Approved(stood.bracket, ())) is None
        assert len(room.orders("stop")) == 1
