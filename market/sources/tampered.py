"""A recorded market in which nothing after the moment asked about is as it was.

What a decision must not know, it must not be able to use: asked as of some moment, this source
answers from a history that ends there, or whose rest is garbage, and every answer has to be what
the whole history gives. Simulated fills lie in the future of their orders and meet the true one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

import numpy as np

from domain.book import OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.clock import to_ms
from domain.instrument import Instrument
from domain.snapshot import Funding
from market.protocol import FundingStamp, MarketTrade, SourceInfo, Tick, VenueState
from market.sources.funding import FundingHistory
from market.sources.recorded import RecordedMarket, RecordedSource, StampedValues

Tampering = Literal["ended", "corrupted"]
"""`ended`: there is nothing after the moment; `corrupted`: it is there, and it is garbage."""
GARBAGE_BARS = 400
"""How much garbage follows: more than any window that could reach into it."""


def tampered(market: RecordedMarket, as_of: datetime, how: Tampering) -> RecordedMarket:
    """The market's history with what was not known at `as_of` gone, or made garbage.

    Of the finest candle that is forming at `as_of` its open stays: that much is known of it.
    """
    change = _ended if how == "ended" else _corrupted
    return RecordedMarket(
        instrument=market.instrument,
        base=change(market.base, as_of, forming=True),
        given={t: change(series, as_of, forming=False) for t, series in market.given.items()},
        funding=_funding(market.funding, as_of, how),
        open_interest=_values(market.open_interest, as_of, how),
    )


class TamperedSource:
    """A recorded source, asked each time in a world of its own."""

    def __init__(self, source: RecordedSource, how: Tampering) -> None:
        self._source = source
        self.tampering: Tampering = how
        self._worlds: dict[datetime, RecordedSource] = {}

    @property
    def info(self) -> SourceInfo:
        """The recorded source's own, so that runs are named alike."""
        return self._source.info

    async def open(self, symbols: Sequence[str]) -> None:
        """Load each symbol."""
        await self._source.open(symbols)
        self._worlds.clear()

    async def close(self) -> None:
        """Let go of the recorded source."""
        await self._source.close()

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of an opened symbol."""
        return self._source.instrument(symbol)

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """The newest closed candles, in the world as of `as_of`."""
        return await self._world(as_of).candles(symbol, timeframe, as_of, bars)

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price, in the world as of `as_of`."""
        return await self._world(as_of).tick(symbol, as_of)

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """The book, in the world as of `as_of`."""
        return await self._world(as_of).book(symbol, as_of)

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest trades, in the world as of `as_of`."""
        return await self._world(as_of).trades(symbol, as_of, limit)

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        """Funding, in the world as of `as_of`."""
        return await self._world(as_of).funding(symbol, as_of)

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        """Open interest, in the world as of `as_of`."""
        return await self._world(as_of).open_interest(symbol, as_of)

    async def venue(self, as_of: datetime) -> VenueState:
        """The venue's state, in the world as of `as_of`."""
        return await self._world(as_of).venue(as_of)

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """What simulated orders are filled on: the true history."""
        return await self._source.bars_after(symbol, after, until)

    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        """What positions pay: the true history."""
        return await self._source.funding_stamps(symbol, after, until)

    def _world(self, as_of: datetime) -> RecordedSource:
        """The source as of one moment; of the last one, which is asked about again and again."""
        found = self._worlds.get(as_of)
        if found is None:
            made: dict[int, RecordedMarket] = {}
            for market in self._source.markets.values():
                if id(market) not in made:
                    made[id(market)] = tampered(market, as_of, self.tampering)
            markets = {name: made[id(m)] for name, m in self._source.markets.items()}
            found = self._source.showing(markets)
            self._worlds = {as_of: found}
        return found


def _ended(series: Series, as_of: datetime, *, forming: bool) -> Series:
    stop = _closed_count(series, as_of)
    newest_open = to_ms(as_of) - series.timeframe.ms
    series = replace(series, flaws=tuple(flaw.until(newest_open) for flaw in series.flaws))
    if not (forming and _is_forming(series, stop, as_of)):
        return _first(series, stop)
    cut, opened = _first(series, stop + 1), series.open[stop : stop + 1]
    return replace(
        cut,
        high=np.concatenate([series.high[:stop], opened]),
        low=np.concatenate([series.low[:stop], opened]),
        close=np.concatenate([series.close[:stop], opened]),
        volume=np.append(series.volume[:stop], 0.0),
    )


def _corrupted(series: Series, as_of: datetime, *, forming: bool) -> Series:
    """Other prices and volumes after `as_of`, every candle still one that could be."""
    stop = _closed_count(series, as_of)
    bad = _first(series, stop + GARBAGE_BARS)
    factor = np.ones(len(bad))
    scattered = bad.open_ms[stop:] // 1000 % 97
    factor[stop:] = np.where(scattered % 2, 1.3 + scattered / 30, 0.2 + scattered / 200)
    opened, high, low = bad.open * factor, bad.high * factor, bad.low * factor
    if forming and _is_forming(series, stop, as_of):
        opened[stop] = series.open[stop]
        high[stop], low[stop] = max(opened[stop], high[stop]), min(opened[stop], low[stop])
    return replace(
        bad, open=opened, high=high, low=low, close=bad.close * factor, volume=bad.volume * factor
    )


def _closed_count(series: Series, as_of: datetime) -> int:
    newest_open = to_ms(as_of) - series.timeframe.ms
    return int(np.searchsorted(series.open_ms, newest_open, side="right"))


def _is_forming(series: Series, row: int, as_of: datetime) -> bool:
    return row < len(series) and int(series.open_ms[row]) < to_ms(as_of)


def _first(series: Series, count: int) -> Series:
    return Series(
        series.timeframe,
        series.open_ms[:count],
        series.open[:count],
        series.high[:count],
        series.low[:count],
        series.close[:count],
        series.volume[:count],
        flaws=series.flaws,
    )


def _funding(
    history: FundingHistory | None, as_of: datetime, how: Tampering
) -> FundingHistory | None:
    if history is None:
        return None
    known = int(np.searchsorted(history.stamps_ms, to_ms(as_of), side="right"))
    if how == "ended":
        return FundingHistory(history.stamps_ms[:known], history.rates[:known])
    bad = tuple(-3 * rate - Decimal("0.0007") for rate in history.rates[known:])
    return FundingHistory(history.stamps_ms, (*history.rates[:known], *bad))


def _values(values: StampedValues | None, as_of: datetime, how: Tampering) -> StampedValues | None:
    if values is None:
        return None
    known = int(np.searchsorted(values.stamps_ms, to_ms(as_of), side="right"))
    if how == "ended":
        return StampedValues(values.stamps_ms[:known], values.values[:known])
    bad = values.values.copy()
    bad[known:] = bad[known:] * 7 + 1
    return StampedValues(values.stamps_ms, bad)
