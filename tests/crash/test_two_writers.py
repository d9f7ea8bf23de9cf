"""Two executors on one session: what either intends is sent once, and the older one stops."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from app.lease import is_held, lease
from domain.errors import StateError
from domain.lifecycle import OrderStatus
from tests.broker.house import House
from tests.broker.kept_venue import KeptVenue
from tests.broker.venue import CALM, OTHER, SYMBOL, H, T, VenueSource, approved, bars
from tests.crash.death import ended, forked
from tests.crash.script import Script, lost_and_doubled, outcome, run


def source() -> VenueSource:
    return VenueSource({SYMBOL: bars([CALM] * 9), OTHER: bars([CALM] * 9)})


async def test_the_older_of_two_writers_stops_before_it_sends(tmp_path: Path) -> None:
    venue = KeptVenue()
    older = House(tmp_path, source(), venue=venue)
    plan, verdict = approved()
    younger = House(tmp_path, source(), venue=venue)
    order = await younger.work(plan, verdict)
    with pytest.raises(StateError, match="taken over"):
        older.book.step(order, OrderStatus.CANCELLING)
    venue.tell(venue.execute(order.client_order_id, "1", "100", T + H / 2))
    with pytest.raises(StateError, match="taken over"):
        await older.executor.advance(T + H)
    await younger.executor.reconcile(T + H)
    await younger.executor.advance(T + H)
    assert sorted(venue.sent) == sorted({o.client_order_id for o in younger.book.orders()})


async def test_an_intent_that_both_see_is_sent_once(tmp_path: Path) -> None:
    venue = KeptVenue()
    older = House(tmp_path, source(), venue=venue)
    younger = House(tmp_path, source(), venue=venue)
    held = await younger.work(*approved())
    venue.tell(venue.execute(held.client_order_id, "1", "100", T + H / 2))
    news = await venue.news(T + H)
    assert news is not None
    await younger.follower.take(news, T + H)
    waiting = [o.client_order_id for o in younger.book.orders(OrderStatus.PENDING)]
    assert len(waiting) == 2
    acts = [h.dispatcher.exits(T + H) for h in (older, younger)]
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert isinstance(results[0], StateError)
    assert results[1] is None
    assert [venue.sent.count(name) for name in waiting] == [1, 1]


def test_a_process_that_wakes_up_beside_its_successor_writes_nothing(tmp_path: Path) -> None:
    asleep = Script(tmp_path)
    assert ended(forked(lambda: run(tmp_path))) == 0
    done = outcome(tmp_path)
    with pytest.raises(StateError, match="taken over"):
        asyncio.run(asleep.play())
    asleep.close()
    assert outcome(tmp_path) == done
    assert lost_and_doubled(tmp_path) == ([], [])


def test_two_processes_at_once_leave_one_session(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    both = tmp_path / "both"
    whole.mkdir()
    both.mkdir()
    run(whole)
    children = [forked(lambda: run(both)) for _ in range(2)]
    codes = [ended(child) for child in children]
    assert sorted(codes) in ([0, 1], [0, 0])
    assert ended(forked(lambda: run(both))) == 0
    assert outcome(both) == outcome(whole)


def test_a_lease_is_one_processs_and_ends_with_it(tmp_path: Path) -> None:
    with lease(tmp_path, "s"):
        assert is_held(tmp_path, "s")
        with pytest.raises(StateError, match="another process"), lease(tmp_path, "s"):
            pass
    assert not is_held(tmp_path, "s")

    def take_and_die() -> None:
        handle = os.open(tmp_path / "s.lock", os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os._exit(0)

    assert ended(forked(take_and_die)) == 0
    with lease(tmp_path, "s"):
        assert is_held(tmp_path, "s")
