"""A session that stops and goes on, wherever it is stopped, ends where an undisturbed one does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.protocol import News
from domain.candles import Timeframe
from domain.clock import FixedClock
from domain.plan import Side
from journal.ledger import EXACT
from tests.broker.house import SYMBOLS, House, end_state, played
from tests.broker.paper.counter import Counter, order, stamps
from tests.broker.venue import (
    CALM,
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


def rough(seed: int, count: int = 24) -> list[Row]:
    draw = np.random.default_rng(seed)
    path = np.round(100 + np.cumsum(draw.normal(0, 2, count + 1)), 1)
    wicks = np.round(np.abs(draw.normal(0, 1.5, (count, 2))), 1)
    volumes = (8 * (draw.random(count) > 0.1) * draw.random(count)).round(1)
    return [
        (a, round(max(a, b) + up, 1), round(min(a, b) - down, 1), b, float(volume))
        for a, b, (up, down), volume in zip(
            path[:-1].tolist(), path[1:].tolist(), wicks.tolist(), volumes.tolist(), strict=True
        )
    ]


def check_orders(house: House) -> None:
    """What was filled is what was ordered, and the stop covers what is held."""
    orders = {o.client_order_id: o for o in house.book.orders()}
    for name, one in orders.items():
        mine = [f.quantity for f in house.book.fills() if f.client_order_id == name]
        assert one.filled == sum(mine, D(0)) <= one.quantity
        assert (one.status == "filled") == (one.remaining == 0)
    held = house.book.position(SYMBOL)
    stops = [o for o in orders.values() if o.leg == "stop" and o.status == "working"]
    assert [o.remaining for o in stops] == ([] if held is None else [abs(held.quantity)])
    for fill in house.book.fills():
        assert fill.fee == EXACT.multiply(EXACT.multiply(D("0.001"), fill.quantity), fill.price)
    assert house.book.ledger() == house.book.replayed()


ANY = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
SHARES = PaperTerms(volume_share_fraction=D("0.3"))


def wild(side: Side, entry: str | None) -> dict[str, object]:
    legs = [("104", "1"), ("108", "2")] if side == "long" else [("96", "1"), ("92", "2")]
    return {"side": side, "entry": entry, "targets": legs, "open_for": 20 * H}


@ANY
@given(
    seed=st.integers(0, 10_000),
    cuts=st.sets(st.integers(1, 23), min_size=1, max_size=23),
    side=st.sampled_from(["long", "short"]),
    entry=st.sampled_from([None, "100"]),
)
async def test_a_session_that_was_restarted_ends_where_an_undisturbed_one_does(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    cuts: set[int],
    side: Side,
    entry: str | None,
) -> None:
    rows, paid = rough(seed), stamps(8, late=timedelta(milliseconds=4)) + stamps(16)
    plan, temp = wild(side, entry), tmp_path_factory.mktemp
    whole = await played(temp("whole"), rows, stamps=paid, terms=SHARES, **plan)
    source, folder = VenueSource({SYMBOL: bars(rows)}, stamps=paid), temp("parts")
    house = House(folder, source, terms=SHARES)
    await house.work(*approved(**plan))  # type: ignore[arg-type]  # mixed keywords
    for hours in [*sorted(cuts), 24]:
        house = House(folder, source, terms=SHARES)
        await house.advance(hours)
    assert end_state(house) == end_state(whole)
    check_orders(house)


class Died(Exception):
    """The process is gone."""


class Mortal(PaperBroker):
    """Its process dies before it can say what is on its disk."""

    @override
    async def news(self, until: datetime) -> News | None:
        if await super().news(until) is None:
            return None
        raise Died


@ANY
@given(
    seed=st.integers(0, 10_000),
    side=st.sampled_from(["long", "short"]),
    entry=st.sampled_from([None, "100"]),
)
async def test_a_session_that_dies_at_whatever_happens_ends_where_an_undisturbed_one_does(
    tmp_path_factory: pytest.TempPathFactory, seed: int, side: Side, entry: str | None
) -> None:
    rows, paid = rough(seed), stamps(8, 16)
    plan, temp = wild(side, entry), tmp_path_factory.mktemp
    whole = await played(temp("whole"), rows, stamps=paid, terms=SHARES, **plan)
    source, folder = VenueSource({SYMBOL: bars(rows)}, stamps=paid), temp("parts")
    await House(folder, source, terms=SHARES).work(*approved(**plan))  # type: ignore[arg-type]
    deaths = 0
    while True:
        book = open_journal(folder)
        mortal = Mortal(
            book.database, "s", source, SYMBOLS, {"USDT": D(10_000)}, T, FixedClock(T), SHARES
        )
        house = House(folder, source, venue=mortal)
        await house.executor.reconcile(mortal.cursor)
        try:
            if mortal.unfinished is not None:
                await house.executor.advance(mortal.unfinished)
            await house.executor.advance(T + 24 * H)
        except Died:
            deaths += 1
            continue
        break
    assert deaths == len(whole.book.entries())
    assert end_state(house) == end_state(whole)
    check_orders(house)


async def run_disturbed(counter: Counter, *, every: bool) -> list[object]:
    """A run of entries and exits by hand; `every`: the venue is opened anew before each word."""
    said: list[object] = []
    await counter.send(order("in", "buy market", "4"), order("low", "buy limit 97", "3"))
    exits = 0
    while True:
        if every:
            counter.again()
        news = await counter.next()
        if news is None:
            break
        said.append(news)
        if any(e.side == "buy" for e in news.executions):
            exits += 1
            out = [
                order(f"s{exits}", "sell stop 94", "2", exits=True),
                order(f"t{exits}", "sell limit 103", "1.5", exits=True),
            ]
            for one in out:
                if every:
                    counter.again()
                await counter.send(one)
    return said


@pytest.mark.parametrize("seed", range(4))
async def test_a_venue_that_is_opened_anew_at_every_step_has_the_same_log(
    seed: int, tmp_path: Path
) -> None:
    rows, paid = rough(seed), stamps(3, 8, 16)
    whole = Counter(tmp_path / "whole", rows, terms=SHARES, stamps=paid)
    parts = Counter(tmp_path / "parts", rows, terms=SHARES, stamps=paid)
    said = await run_disturbed(whole, every=False)
    assert await run_disturbed(parts, every=True) == said
    assert await parts.log() == await whole.log()
    assert await parts.payments() == await whole.payments()
    assert await parts.venue.working() == await whole.venue.working()
    assert await parts.venue.positions() == await whole.venue.positions()
    assert parts.venue.cursor == whole.venue.cursor == T + 24 * H
    assert parts.venue.unfinished is None


async def test_the_future_does_not_change_a_fill(tmp_path: Path) -> None:
    for seed in (3, 4, 5):
        rows = rough(seed)
        short = await played(tmp_path / f"{seed}a", rows[:10], terms=SHARES)
        longer = await played(
            tmp_path / f"{seed}b", [*rows[:10], *rough(seed + 50)], terms=SHARES, steps=[10, 34]
        )
        assert longer.book.entries()[: len(short.book.entries())] == short.book.entries()


async def test_a_bar_that_an_exchange_does_not_have_yet_is_played_when_it_comes(
    tmp_path: Path,
) -> None:
    rows: list[Row] = [CALM, CALM, CALM, (96, 97, 93, 94, 10), CALM]
    source = VenueSource({SYMBOL: bars(rows[:2])}, live=True)
    house = House(tmp_path, source, now=T + 2 * H)
    venue = house.venue
    assert isinstance(venue, PaperBroker)
    await house.executor.advance(T + 3 * H)
    assert venue.cursor == T + 2 * H, "with nothing to do, it has not passed the newest bar either"
    await house.work(*approved(at=T + 2 * H))
    source.data[SYMBOL, Timeframe.H1] = bars(rows[:3])
    await house.executor.advance(T + 4 * H)  # the bar is late, or the clock is an hour ahead
    assert [leg for leg, _ in house.filled()] == ["entry"]
    assert venue.cursor == T + 3 * H
    source.data[SYMBOL, Timeframe.H1] = bars(rows)
    await house.executor.advance(T + 4 * H)
    assert [leg for leg, _ in house.filled()] == ["entry", "stop"]
