"""A venue made worse on purpose: what the venue did stays done, only the word of it goes astray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from broker.fault_rates import Faults
from broker.faults import FaultyBroker
from broker.outbox import entry_order
from broker.protocol import News
from domain.errors import Unreachable
from domain.orders import Order
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import TICK, D, H, T, approved


def made(name: str = "a", *, exits: bool = False) -> Order:
    plan, verdict = approved(entry="90")
    order = entry_order(plan, verdict.bracket, TICK, T, "paper")
    return replace(order, client_order_id=name, reduce_only=exits, quantity=D(1))


async def heard(broker: FaultyBroker, hours: int = 1) -> list[News]:
    found = []
    while (news := await broker.news(T + hours * H)) is not None:
        found.append(news)
    return found


def told_three(venue: KeptVenue) -> Sequence[str]:
    for number in range(3):
        venue.tell(venue.execute("a", "0.1", "90", T + H / 2, trade_id=f"t{number}"))
    return ["t0", "t1", "t2"]


def names(found: Sequence[News]) -> list[str]:
    return [e.trade_id for news in found for e in news.executions]


async def test_a_lost_request_is_not_done_and_a_lost_reply_is() -> None:
    for faults, there in (
        (Faults(lost_request_fraction=1), []),
        (Faults(lost_reply_fraction=1), ["a"]),
    ):
        venue = KeptVenue()
        with pytest.raises(Unreachable):
            await FaultyBroker(venue, faults, 0).send(made())
        assert list(venue.book) == there


async def test_an_outage_lasts_as_many_calls_as_it_says() -> None:
    broker = FaultyBroker(KeptVenue(), Faults(outage_fraction=1, outage_calls_count=2), 0)
    with pytest.raises(Unreachable):
        await broker.find("a")
    broker.faults = Faults()
    for _ in range(2):
        with pytest.raises(Unreachable):
            await broker.working()
    assert await broker.find("a") is None


async def test_a_rejected_order_stays_rejected_and_never_reaches_the_venue() -> None:
    venue = KeptVenue()
    broker = FaultyBroker(venue, Faults(rejected_entry_fraction=1), 0)
    assert not (await broker.send(made())).accepted
    broker.faults = Faults()
    assert not (await broker.send(made())).accepted
    found = await broker.find("a")
    assert found is not None
    assert found.status == "rejected"
    assert venue.book == {}
    assert (await broker.send(made("out", exits=True))).accepted


async def test_news_may_come_late_twice_or_in_another_order_and_all_of_it_comes() -> None:
    venue = KeptVenue()
    broker = FaultyBroker(venue, Faults(late_news_fraction=1), 0)
    await broker.send(made())
    told = told_three(venue)
    assert await heard(broker, 1) == []
    assert sorted(names(await heard(broker, 2))) == told
    broker.faults = Faults(repeated_news_fraction=1)
    told_three(venue)
    first = [n for n in [await broker.news(T + 3 * H) for _ in range(3)] if n]
    broker.faults = Faults()
    assert sorted(names([*first, *await heard(broker, 3)])) == sorted(told * 2)
    orders = set()
    for seed in range(12):
        broker = FaultyBroker(venue, Faults(disordered_news_fraction=0.5), seed)
        told_three(venue)
        found = names(await heard(broker))
        assert sorted(found) == told
        orders.add(tuple(found))
    assert len(orders) > 1


async def test_the_same_seed_gives_the_same_faults() -> None:
    async def run(seed: int) -> list[bool]:
        broker = FaultyBroker(KeptVenue(), Faults(lost_request_fraction=0.5), seed)
        answers = []
        for _ in range(20):
            try:
                await broker.find("a")
                answers.append(True)
            except Unreachable:
                answers.append(False)
        return answers

    assert await run(3) == await run(3) != await run(4)


async def test_amendments_are_refused_cancels_raced_and_partial_fills_cut_short() -> None:
    venue = KeptVenue()
    broker = FaultyBroker(venue, Faults(refused_amend_fraction=1, raced_cancel_fraction=1), 0)
    await broker.send(made())
    assert not (await broker.amend(replace(made(), quantity=D(2)))).accepted
    assert not (await broker.cancel("a")).accepted
    assert venue.book["a"].status == "working"
    broker.faults = Faults(cut_short_fraction=1)
    venue.tell(venue.execute("a", "0.4", "90", T))
    (news,) = await heard(broker)
    assert [(o.status, o.filled) for o in news.orders] == [("cancelled", D("0.4"))]


async def test_a_new_order_is_hidden_and_the_venue_says_that_it_may_be() -> None:
    faults = Faults(hidden_answers_count=2, settles_within=timedelta(minutes=1))
    broker = FaultyBroker(KeptVenue(), faults, 0)
    await broker.send(made())
    assert broker.traits.settles_within == timedelta(minutes=1)
    assert [await broker.find("a") is None for _ in range(3)] == [True, True, False]


async def test_a_venue_that_hides_nothing_any_more_shows_what_it_hid() -> None:
    faults = Faults(hidden_answers_count=2, settles_within=timedelta(minutes=1))
    broker = FaultyBroker(KeptVenue(), faults, 0)
    await broker.send(made())
    broker.faults = Faults()
    assert not broker.traits.settles_within
    assert await broker.find("a") is not None
    assert [order.client_order_id for order in await broker.working()] == ["a"]


def test_rates_are_shares_and_hiding_is_admitted() -> None:
    with pytest.raises(ValueError, match=r"lost_reply_fraction is 1\.5"):
        Faults(lost_reply_fraction=1.5)
    with pytest.raises(ValueError, match="without settles_within"):
        Faults(hidden_answers_count=1)
