"""A plan is changed or left at a venue that refuses, waits or does not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.closing import FIRST_PAUSE, close_order
from broker.exits import in_order
from broker.outbox import PAPER_ACCOUNT
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order, Position
from tests.broker.changes import commit_change, commit_reduction
from tests.broker.house import House
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import CALM, OTHER, SYMBOL, D, H, T, VenueSource, approved, bars, commit
from tests.properties.order_flow_doubles import OpenReview

NOW = T + H / 4
SECOND = timedelta(seconds=1)
TIGHTER = {"stop": "98", "targets": [("112", "0.5")]}


class Stage:
    """A house at a venue whose trades are made by hand, and a gate that says yes."""

    def __init__(self, folder: Path, *refused: str) -> None:
        self.venue = KeptVenue(refused_legs=frozenset(refused))  # type: ignore[arg-type]
        source = VenueSource({SYMBOL: bars([CALM] * 9), OTHER: bars([CALM] * 9)})
        self.house = House(folder, source, venue=self.venue, review=OpenReview, now=NOW)
        self.book = self.house.book
        self.on = source.instrument(SYMBOL)

    async def hold(self) -> None:
        """A position of 1 with stop and target."""
        order = await self.house.work(*approved())
        await self.fill(order, "1")

    async def fill(self, order: Order, quantity: str) -> None:
        self.venue.tell(self.venue.execute(order.client_order_id, quantity, "100", NOW))
        await self.house.executor.settle(NOW)

    def add(self) -> None:
        stands = self.book.standing_plan(SYMBOL)
        assert stands is not None
        made = approved(run="more", at=NOW, **TIGHTER)  # type: ignore[arg-type]
        commit_change(self.book, stands, made, "scale_in", self.on, NOW)

    def halve(self, run: str = "half") -> None:
        commit_reduction(self.book, SYMBOL, D("0.5"), self.on, NOW, run)

    def leave(self) -> None:
        """What the graph commits for an exit while the venue may have the entry."""
        (stored,) = self.book.plans()
        plan_id = stored.plan.plan_id
        orders = self.book.plan_orders(plan_id)
        feared = Position(SYMBOL, D(1), D(0), NOW, plan_id)
        close = close_order(feared, orders, self.on, "exit", NOW, "out", PAPER_ACCOUNT, D(0))
        self.book.commit_cancel(plan_id, close)

    def legs(self, leg: str) -> list[Order]:
        """Oldest first: several are made at one moment."""
        orders = in_order(self.book.orders(), 9, PAPER_ACCOUNT)
        return [o for o in orders if o.leg == leg]

    def statuses(self, leg: str) -> list[str]:
        return [o.status.value for o in self.legs(leg)]


class StubbornVenue(KeptVenue):
    """Amends nothing."""

    async def amend(self, order: Order):  # type: ignore[no-untyped-def]
        return (await super().amend(replace(order, quantity=D(0))))._replace(accepted=False)


async def test_the_stop_is_closer_before_anything_is_added(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hold()
    stage.add()
    seen: list[object] = []
    send = stage.venue.send

    async def watched(order: Order) -> object:
        stops = [stage.venue.book[o.client_order_id].price for o in stage.legs("stop")]
        seen.append((order.leg, stops))
        return await send(order)

    stage.venue.send = watched  # type: ignore[method-assign, assignment]
    await stage.house.dispatcher.dispatch()
    assert seen[-1] == ("entry", [D(98)])
    assert stage.statuses("entry") == ["filled", "working"]


async def test_a_scale_in_whose_stop_the_venue_does_not_move_is_not_sent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hold()
    stage.add()
    stage.venue.__class__ = StubbornVenue
    await stage.house.dispatcher.dispatch()
    assert stage.statuses("entry") == ["filled", "denied"]
    (told,) = [d for d in stage.house.told if d.status == OrderStatus.DENIED]
    assert told.verdict is not None
    assert told.verdict.codes == ("REPLAN_RISK_INCREASE",)


async def test_a_scale_in_that_the_venue_refuses_leaves_its_levels_in_force(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    await stage.hold()
    stage.venue.refused_legs = frozenset({"entry"})
    stage.add()
    await stage.house.executor.settle(NOW + SECOND)
    assert stage.statuses("entry") == ["filled", "rejected"]
    (stop,) = stage.legs("stop")
    targets = [o for o in stage.legs("target_1") if o.status == OrderStatus.WORKING]
    assert (stop.status, stop.placed_price, stop.remaining) == ("working", 98, 1)
    assert [(o.price, o.remaining) for o in targets] == [(112, 1)]
    assert stage.house.plan_status() == "open"


async def half_sent(stage: Stage, silent: str) -> Order:
    order = commit(stage.book, *approved())
    stage.venue.silent = silent
    with pytest.raises(Unreachable):
        await stage.house.dispatcher.dispatch()
    stage.venue.silent = ""
    assert stage.statuses("entry") == ["sending"]
    return order


async def test_an_exit_asked_for_while_its_entry_is_a_question_takes_the_entry_back(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    order = await half_sent(stage, "after")
    stage.leave()
    await stage.house.executor.settle(NOW)
    assert stage.venue.book[order.client_order_id].status == "cancelled"
    assert (stage.statuses("entry"), stage.statuses("close")) == (["cancelled"], ["cancelled"])
    assert stage.house.plan_status() == "cancelled"
    assert stage.venue.sent == [order.client_order_id]


async def test_an_exit_asked_for_while_its_entry_is_a_question_keeps_it_from_being_sent(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    order = await half_sent(stage, "before")
    stage.leave()
    await stage.house.executor.settle(NOW)
    assert order.client_order_id not in stage.venue.book
    assert (stage.statuses("entry"), stage.statuses("close")) == (["cancelled"], ["cancelled"])
    assert stage.house.plan_status() == "cancelled"


async def test_an_exit_asked_for_while_its_entry_is_a_question_closes_what_had_filled(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    order = await half_sent(stage, "after")
    stage.leave()
    await stage.fill(order, "0.4")
    (close,) = stage.legs("close")
    assert (close.status, close.quantity, close.reason) == ("working", D("0.4"), "exit")
    await stage.fill(close, "0.4")
    assert stage.venue.book[order.client_order_id].status == "cancelled"
    assert stage.house.plan_status() == "closed"
    assert [t.close_reason for t in stage.book.trades()] == ["exit"]


async def test_a_scale_out_that_the_venue_refused_is_tried_again_until_it_is_done(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, "reduce")
    await stage.hold()
    stage.halve()
    await stage.house.executor.settle(NOW)
    assert stage.statuses("reduce") == ["rejected"]
    await stage.house.executor.settle(NOW + FIRST_PAUSE - SECOND)
    assert stage.statuses("reduce") == ["rejected"]
    stage.venue.refused_legs = frozenset()
    await stage.house.executor.settle(NOW + FIRST_PAUSE)
    assert stage.statuses("reduce") == ["rejected", "working"]
    first, second = stage.legs("reduce")
    assert (second.quantity, second.run_id, second.reason) == (D("0.5"), "half", first.reason)
    await stage.fill(second, "0.5")
    await stage.house.executor.settle(NOW + H)
    assert len(stage.legs("reduce")) == 2
    assert stage.house.plan_status() == "open"


async def test_of_a_scale_out_that_was_cut_short_the_rest_is_tried_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.hold()
    stage.halve()
    await stage.house.executor.settle(NOW)
    (first,) = stage.legs("reduce")
    stage.venue.execute(first.client_order_id, "0.2", "100", NOW)
    await stage.venue.cancel(first.client_order_id)
    stage.venue.tell(*stage.venue.log[-1:])
    await stage.house.executor.settle(NOW)
    assert [(o.status.value, o.quantity) for o in stage.legs("reduce")] == [
        ("cancelled", D("0.5")), ("working", D("0.3")),
    ]  # fmt: skip


async def test_only_the_scale_out_that_was_asked_for_last_is_tried_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "reduce")
    await stage.hold()
    stage.halve()
    await stage.house.executor.settle(NOW)
    stage.venue.refused_legs = frozenset()
    stage.halve("again")
    await stage.house.executor.settle(NOW)
    await stage.house.executor.settle(NOW + H)
    assert [(o.run_id, o.status.value) for o in stage.legs("reduce")] == [
        ("half", "rejected"), ("again", "working"),
    ]  # fmt: skip
    assert stage.book.plans()[0].status == PlanStatus.OPEN


@pytest.mark.parametrize("run", ["a", "b", "c", "d"])
async def test_the_stop_is_sent_before_the_targets_whatever_their_names(
    run: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path)
    thirds = [("110", "0.3"), ("111", "0.3"), ("112", "0.4")]
    order = await stage.house.work(*approved(run=run, targets=thirds))
    await stage.fill(order, "1")
    legs = [stage.venue.taken[name].leg for name in stage.venue.sent]
    assert legs[:2] == ["entry", "stop"]
    assert sorted(legs[2:]) == ["target_1", "target_2", "target_3"]
