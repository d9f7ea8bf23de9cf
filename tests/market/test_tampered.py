"""A tampered market says of each moment what the whole one says, and nothing else is left of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from domain.candles import Timeframe
from market.quality import check_series
from market.sources.synthetic import STARTS_AT, SyntheticSource
from market.sources.tampered import TamperedSource, Tampering, tampered

SYMBOL = "BTC/USDT"
BOUNDARY = STARTS_AT + timedelta(days=20)
WITHIN = BOUNDARY + timedelta(hours=3, minutes=2)
WORLDS: tuple[Tampering, ...] = ("ended", "corrupted")


async def opened() -> SyntheticSource:
    source = SyntheticSource(seed=3, days=30)
    await source.open([SYMBOL])
    return source


@pytest.mark.parametrize("as_of", [BOUNDARY, WITHIN])
@pytest.mark.parametrize("how", WORLDS)
async def test_every_question_about_a_moment_has_the_same_answer(
    how: Tampering, as_of: datetime
) -> None:
    whole = await opened()
    other = TamperedSource(whole, how)
    for timeframe in (Timeframe.M5, Timeframe.H1, Timeframe.H4):
        true = await whole.candles(SYMBOL, timeframe, as_of, 5000)
        seen = await other.candles(SYMBOL, timeframe, as_of, 5000)
        assert seen.known_at == true.known_at
        for column in ("open_ms", "open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(seen, column), getattr(true, column))
    assert await other.tick(SYMBOL, as_of) == await whole.tick(SYMBOL, as_of)
    assert await other.book(SYMBOL, as_of) == await whole.book(SYMBOL, as_of)
    assert await other.trades(SYMBOL, as_of, 50) == await whole.trades(SYMBOL, as_of, 50)
    assert await other.funding(SYMBOL, as_of) == await whole.funding(SYMBOL, as_of)
    assert other.info == whole.info


@pytest.mark.parametrize("as_of", [BOUNDARY, WITHIN])
async def test_what_comes_after_is_gone_or_is_garbage(as_of: datetime) -> None:
    market = (await opened()).market(SYMBOL)
    ended, corrupted = tampered(market, as_of, "ended"), tampered(market, as_of, "corrupted")
    closed = len(tampered(market, BOUNDARY, "ended").base)
    closed += int((as_of - BOUNDARY) // Timeframe.M5.delta)
    forming = as_of > BOUNDARY
    assert len(ended.base) == closed + forming
    for other in (ended, corrupted):
        check_series(other.base, where="tampered")
        assert np.array_equal(other.base.close[:closed], market.base.close[:closed])
    later = slice(closed + forming, len(corrupted.base))
    assert len(corrupted.base.close[later]) > 300
    assert not np.isclose(corrupted.base.close[later], market.base.close[later]).any()
    assert not np.isclose(corrupted.base.open[later], market.base.open[later]).any()
    assert ended.funding is not None
    assert corrupted.funding is not None
    assert market.funding is not None
    known = len(ended.funding.rates)
    assert corrupted.funding.rates[:known] == market.funding.rates[:known]
    pairs = zip(corrupted.funding.rates[known:], market.funding.rates[known:], strict=True)
    assert all(bad != true for bad, true in pairs)


async def test_of_the_forming_candle_only_the_open_stays() -> None:
    market = (await opened()).market(SYMBOL)
    ended, corrupted = tampered(market, WITHIN, "ended"), tampered(market, WITHIN, "corrupted")
    last = len(ended.base) - 1
    assert ended.base.open[last] == corrupted.base.open[last] == market.base.open[last]
    assert ended.base.high[last] == ended.base.close[last] == ended.base.open[last]
    assert ended.base.volume[last] == 0
    assert corrupted.base.close[last] != market.base.close[last]


async def test_simulated_fills_meet_the_true_future() -> None:
    whole = await opened()
    other = TamperedSource(whole, "corrupted")
    until = WITHIN + timedelta(hours=2)
    assert await other.bars_after(SYMBOL, WITHIN, until) == await whole.bars_after(
        SYMBOL, WITHIN, until
    )
    true = await whole.funding_stamps(SYMBOL, WITHIN, until + timedelta(days=1))
    assert await other.funding_stamps(SYMBOL, WITHIN, until + timedelta(days=1)) == true
