"""What every broker promises, run on the paper venue and on one that keeps a book of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.outbox import exit_orders
from broker.protocol import Ack, Broker
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order
from journal.books import Journal
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import (
    CALM,
    OTHER,
    SYMBOL,
    H,
    T,
    VenueSource,
    approved,
    bars,
    commit,
    open_journal,
    paper,
)

Make = Callable[[Journal], Broker]


def paper_venue(book: Journal) -> Broker:
    source = VenueSource({SYMBOL: bars([CALM] * 3)}, inactive=frozenset({OTHER}))
    return paper(book, source)


def kept_venue(_: Journal) -> Broker:
    return KeptVenue(refuses=frozenset({OTHER}))


VENUES = pytest.mark.parametrize("make", [paper_venue, kept_venue])


async def send(book: Journal, venue: Broker, order: Order) -> Ack:
    """As the dispatcher does it."""
    book.step(order, OrderStatus.SENDING)
    ack = await venue.send(order)
    entry = order.leg == "entry"
    if ack.accepted:
        book.step(order, OrderStatus.WORKING, PlanStatus.WORKING if entry else None)
    else:
        book.step(order, OrderStatus.REJECTED, PlanStatus.FAILED if entry else None)
    return ack


@VENUES
async def test_what_was_never_sent_is_not_at_the_venue(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    order = commit(book, *approved())
    assert await venue.find(order.client_order_id) is None
    book.step(order, OrderStatus.SENDING)
    assert await venue.find(order.client_order_id) is None
    assert await venue.find("pg-unknown") is None


@VENUES
async def test_what_was_accepted_is_found_as_it_was_sent(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    order = commit(book, *approved(entry="99"))
    assert await send(book, venue, order) == Ack(True)
    found = await venue.find(order.client_order_id)
    assert found is not None
    assert found.status == OrderStatus.WORKING
    assert (found.quantity, found.price, found.side) == (order.quantity, order.price, order.side)


@VENUES
async def test_an_id_that_is_seen_again_gets_the_same_answer_and_does_nothing(
    make: Make, tmp_path: Path
) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    order = commit(book, *approved())
    refused = commit(book, *approved(symbol=OTHER, run="other"))
    answers = {o.symbol: await send(book, venue, o) for o in (order, refused)}
    before = [await venue.find(o.client_order_id) for o in (order, refused)]
    for one in (order, refused):
        assert await venue.send(one) == answers[one.symbol]
    assert [await venue.find(o.client_order_id) for o in (order, refused)] == before


@VENUES
async def test_a_refusal_is_an_answer_with_a_reason(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    order = commit(book, *approved(symbol=OTHER))
    ack = await send(book, venue, order)
    assert not ack.accepted
    assert OTHER in ack.reason
    found = await venue.find(order.client_order_id)
    assert found is None or found.status == OrderStatus.REJECTED


@VENUES
async def test_an_exit_is_accepted_where_entries_are_refused(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved(symbol=OTHER)
    stop = exit_orders(plan, verdict.bracket, T, "paper")[0]
    assert (await make(book).send(stop)).accepted


@VENUES
async def test_a_working_order_is_taken_back_once(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    order = commit(book, *approved())
    await send(book, venue, order)
    assert (await venue.cancel(order.client_order_id)).accepted
    found = await venue.find(order.client_order_id)
    assert found is not None
    assert found.status == OrderStatus.CANCELLED
    assert not (await venue.cancel(order.client_order_id)).accepted


@VENUES
async def test_what_is_not_working_cannot_be_taken_back(make: Make, tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = make(book)
    pending = commit(book, *approved())
    for name in (pending.client_order_id, "pg-unknown"):
        ack = await venue.cancel(name)
        assert not ack.accepted
        assert name in ack.reason


async def test_an_entry_that_was_taken_back_on_paper_ends_its_plan_and_never_fills(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    source = VenueSource({SYMBOL: bars([CALM] * 3)})
    venue = paper(book, source)
    order = commit(book, *approved())
    await send(book, venue, order)
    await venue.cancel(order.client_order_id)
    await venue.advance(T + 3 * H)
    assert book.fills() == []
    assert book.stored_plan(order.plan_id).status == PlanStatus.CANCELLED


async def test_an_exit_that_was_taken_back_on_paper_leaves_its_plan_open(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    venue = paper(book, VenueSource({SYMBOL: bars([CALM] * 3)}))
    order = commit(book, *approved())
    await send(book, venue, order)
    await venue.advance(T + H)
    (target,) = [o for o in book.orders() if o.leg == "target_1"]
    assert (await venue.cancel(target.client_order_id)).accepted
    assert book.stored_plan(order.plan_id).status == PlanStatus.OPEN
