from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.protocol import Traits
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus, PlanStatus
from domain.plan import TradePlan
from domain.verdict import Approved
from journal.batch import Batch
from tests.broker.desk import LAST, NOW, Desk, codes
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    TICK,
    D,
    approved,
    close_of,
    commit,
    work,
)
from tests.journal.hand import fill


async def test_an_entry_that_still_stands_is_sent_and_works(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    order = await desk.commit()
    await desk.dispatch()
    assert desk.status() == ("working", "working")
    (told,) = desk.told
    assert told.order.client_order_id == order.client_order_id
    assert (told.status, told.reason) == (OrderStatus.WORKING, "")
    assert isinstance(told.verdict, Approved)
    await desk.dispatch()
    assert len(desk.told) == 1


@pytest.mark.parametrize("factor", ["1.01", "0.99"])
async def test_an_entry_whose_price_moved_is_denied_and_never_sent(
    factor: str, tmp_path: Path
) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    await desk.commit()
    desk.source.spoken[SYMBOL] = (LAST * D(factor)).quantize(TICK)
    await desk.dispatch()
    assert desk.status() == ("denied", "rejected")
    assert venue.sent == []
    assert "DECISION_SLIPPAGE" in codes(desk.told)
    (stored,) = desk.book.denied_at_send()
    assert tuple(stored) == codes(desk.told)
    assert desk.told[0].reason
    await desk.dispatch()
    assert venue.sent == []


async def test_an_entry_into_a_market_that_cannot_be_seen_is_denied(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit()
    desk.source.spoken[SYMBOL] = None
    await desk.dispatch()
    assert desk.status() == ("denied", "rejected")
    assert codes(desk.told) == ("STALE_DATA",)
    assert "could not be seen" in desk.told[0].reason


async def test_an_entry_is_made_smaller_when_less_is_allowed_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    order = await desk.commit(share="2")
    await desk.dispatch()
    (sent,) = desk.book.orders()
    stored = desk.book.stored_plan(desk.plan.plan_id)
    assert 0 < sent.quantity < order.quantity
    assert stored.bracket.quantity == sent.quantity
    assert stored.risk_amount == stored.bracket.risk_amount
    assert sum(t.quantity for t in stored.bracket.targets) == sent.quantity


async def test_what_is_sent_is_what_the_gate_has_just_approved(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit(share="0.5")
    await desk.dispatch()
    (sent,) = desk.book.orders()
    assert desk.status() == ("working", "working")
    verdict = desk.told[0].verdict
    assert isinstance(verdict, Approved)
    assert sent.quantity == verdict.bracket.quantity
    assert desk.book.stored_plan(desk.plan.plan_id).bracket == verdict.bracket


async def test_a_limit_entry_keeps_its_limit(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    order = await desk.commit(entry=LAST * D("0.999"))
    await desk.dispatch()
    (sent,) = desk.book.orders()
    assert desk.status() == ("working", "working")
    assert (sent.kind, sent.price, sent.slippage) == ("limit", order.price, 0)


async def test_what_the_venue_refuses_fails_its_plan(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue(refusal="no money"))
    await desk.commit()
    await desk.dispatch()
    assert desk.status() == ("rejected", "failed")
    assert desk.told[0].reason == "no money"


@pytest.mark.parametrize(
    ("silent", "sends"), [("before", 2), ("after", 1)], ids=["never arrived", "had arrived"]
)
async def test_an_order_without_an_answer_is_asked_for_before_it_is_sent_again(
    silent: str, sends: int, tmp_path: Path
) -> None:
    venue = KeptVenue(silent=silent)
    desk = Desk(tmp_path, venue)
    order = await desk.commit()
    with pytest.raises(Unreachable):
        await desk.dispatch()
    assert desk.status() == ("sending", "approved")
    venue.silent = ""
    await desk.dispatch()
    assert desk.status() == ("working", "working")
    assert venue.sent == [order.client_order_id] * sends
    assert list(venue.book) == [order.client_order_id]


async def test_an_order_that_never_arrived_meets_the_gate_again(tmp_path: Path) -> None:
    venue = KeptVenue(silent="before")
    desk = Desk(tmp_path, venue)
    await desk.commit()
    with pytest.raises(Unreachable):
        await desk.dispatch()
    venue.silent = ""
    desk.source.spoken[SYMBOL] = LAST * 2
    await desk.dispatch()
    assert desk.status() == ("denied", "rejected")
    assert len(venue.sent) == 1


async def test_an_order_that_the_venue_had_refused_before_the_crash_is_not_thought_to_work(
    tmp_path: Path,
) -> None:
    venue = KeptVenue(refusal="no money", silent="after")
    desk = Desk(tmp_path, venue)
    await desk.commit()
    with pytest.raises(Unreachable):
        await desk.dispatch()
    venue.silent = ""
    await desk.dispatch()
    assert desk.status() == ("rejected", "failed")
    assert len(venue.sent) == 1


async def test_after_a_crash_the_paper_venue_takes_a_half_sent_order_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    order = await desk.commit()
    desk.book.step(order, OrderStatus.SENDING)
    again = Desk(tmp_path)
    again.plan = desk.plan
    await again.dispatch()
    await again.dispatch()
    assert again.status() == ("working", "working")
    assert len(again.told) == 1


async def held(desk: Desk) -> TradePlan:
    """A plan whose entry is filled, its exits not sent yet."""
    plan, verdict = approved(at=NOW)
    entry = work(desk.book, plan, verdict)
    one = replace(fill("buy", "1", "100"), plan_id=plan.plan_id)
    done = replace(entry, status=OrderStatus.FILLED, filled=D(1))
    desk.book.apply(Batch([done], [(plan.plan_id, PlanStatus.OPEN)], [one]))
    return plan


async def test_an_exit_is_sent_without_a_review(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    plan = await held(desk)
    position = desk.book.position(SYMBOL)
    assert position is not None
    desk.book.commit_exit(close_of(position, NOW))
    desk.source.spoken[SYMBOL] = None
    await desk.dispatch()
    told = desk.told[0]
    assert (told.order.leg, told.status, told.verdict) == ("close", OrderStatus.WORKING, None)
    assert desk.book.stored_plan(plan.plan_id).status == PlanStatus.CLOSING


async def test_a_plan_being_closed_keeps_its_stop_until_it_is(tmp_path: Path) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    plan = await held(desk)
    desk.follower.guard(plan.plan_id, NOW)
    await desk.dispatch()
    assert {o.leg for o in desk.book.orders(OrderStatus.WORKING)} == {"stop", "target_1"}
    position = desk.book.position(SYMBOL)
    assert position is not None
    desk.book.commit_exit(close_of(position, NOW))
    await desk.dispatch()
    assert {o.leg for o in desk.book.orders(OrderStatus.WORKING)} == {"stop", "target_1", "close"}


async def test_the_venues_refusal_of_an_exit_of_nothing_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    plan, _ = approved(at=NOW)
    commit(desk.book, *approved(at=NOW))
    bought = replace(fill("buy", "1", "100"), plan_id=plan.plan_id)
    ledger = desk.book.ledger().apply_fill(bought, "spot")
    exit_order = replace(close_of(ledger.positions[SYMBOL], NOW), leg="reduce")
    desk.book.commit_exit(exit_order)
    await desk.dispatch()
    told = desk.told[0]
    assert (told.status, told.reason) == (OrderStatus.REJECTED, "there is nothing to reduce")
    assert desk.book.fills() == []


async def test_an_order_that_is_not_as_wanted_is_amended_once(tmp_path: Path) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    order = await desk.commit()
    await desk.dispatch()
    (sent,) = desk.book.orders()
    desk.book.apply(Batch([replace(sent, quantity=sent.quantity / 2)]))
    await desk.dispatch()
    await desk.dispatch()
    assert [o.quantity for o in venue.amended] == [sent.quantity / 2]
    assert venue.book[order.client_order_id].quantity == sent.quantity / 2
    assert desk.book.orders()[0].is_placed_as_wanted
    assert desk.told[-1].reason.startswith("amended")


async def test_an_order_to_take_back_is_over_once_the_venue_says_so(tmp_path: Path) -> None:
    venue = KeptVenue()
    desk = Desk(tmp_path, venue)
    order = await desk.commit()
    await desk.dispatch()
    (sent,) = desk.book.orders()
    desk.book.apply(Batch([replace(sent, status=OrderStatus.CANCELLING)]))
    await desk.dispatch()
    assert venue.book[order.client_order_id].status == "cancelled"
    assert desk.status() == ("cancelled", "cancelled")


LATE = Traits(dedupes=True, settles_within=timedelta(seconds=30))
DOUBLES = Traits(dedupes=False, settles_within=timedelta(0))


@pytest.mark.parametrize("ahead", [[], [-18_000]])
async def test_one_no_of_a_late_venue_is_not_believed(ahead: list[int], tmp_path: Path) -> None:
    """Nor is it waited longer where the clock stood hours ahead at the first one."""
    venue = KeptVenue(silent="before", traits=LATE)
    desk = Desk(tmp_path, venue)
    await desk.commit()
    with pytest.raises(Unreachable):
        await desk.dispatch()
    venue.silent = ""
    for seconds in (*ahead, *[40] * 9, 20, 0):
        await desk.dispatcher.exits(NOW - timedelta(seconds=seconds))
        assert (len(venue.sent), desk.status()) == (1, ("sending", "approved"))
    await desk.dispatch()
    assert (len(venue.sent), desk.status()) == (2, ("working", "working"))


async def test_an_order_that_might_be_doubled_is_given_up_instead(tmp_path: Path) -> None:
    venue = KeptVenue(silent="before", traits=DOUBLES)
    desk = Desk(tmp_path, venue)
    await desk.commit()
    with pytest.raises(Unreachable):
        await desk.dispatch()
    venue.silent = ""
    await desk.dispatch()
    assert (len(venue.sent), desk.status()) == (1, ("lost", "failed"))
    assert desk.told[-1].reason == "the venue never had it"


async def test_other_positions_are_valued_at_what_is_known_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit()
    desk.book.apply(Batch(entries=[fill("buy", "0.05", "30000", symbol=OTHER)]))
    desk.source.spoken[OTHER] = D(10_000)
    await desk.dispatch()
    assert desk.status() == ("denied", "rejected")
    assert "DAILY_LOSS_LIMIT" in codes(desk.told)


async def test_an_entry_is_denied_when_what_is_held_has_no_price(tmp_path: Path) -> None:
    desk = Desk(tmp_path, KeptVenue())
    await desk.commit()
    desk.book.apply(Batch(entries=[fill("buy", "0.001", "30000", symbol=OTHER)]))
    desk.source.spoken[OTHER] = None
    await desk.dispatch()
    assert desk.status() == ("denied", "rejected")
    assert codes(desk.told) == ("STALE_DATA",)
    assert OTHER in desk.told[0].reason
