"""Candles made by hand, and the smallest source that serves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from typing_extensions import override

from domain.book import Level, OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.instrument import Instrument
from domain.snapshot import Funding
from market.protocol import (
    SIMULATED,
    FundingStamp,
    MarketSource,
    MarketTrade,
    SourceInfo,
    Tick,
    VenueState,
)

START = datetime(2024, 1, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)


def walk(
    bars: int, *, seed: int = 1, timeframe: Timeframe = Timeframe.H1, start: float = 30_000.0
) -> Series:
    """A seeded random walk with fat tails, wicks and uneven volume, from 2024-01-01."""
    rng = np.random.default_rng(seed)
    close = start * np.exp(np.cumsum(rng.standard_t(4, bars) * 0.004))
    opened = np.concatenate(([start], close[:-1]))[:bars]
    high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.002, bars)))
    low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.002, bars)))
    return series(
        open=opened, high=high, low=low, close=close, volume=rng.gamma(2, 50, bars), step=timeframe
    )


def drifting(bars: int, per_bar: float) -> Series:
    """A walk that has a direction."""
    rng = np.random.default_rng(2)
    close = 100 * np.exp(np.cumsum(rng.normal(per_bar, 0.002, bars)))
    opened = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    return series(open=opened, high=high, low=low, close=close, volume=rng.gamma(2, 50, bars))


def flat(bars: int, *, price: float = 100.0, volume: float = 1.0) -> Series:
    """Hourly candles in which nothing moves."""
    still = np.full(bars, price)
    return series(open=still, high=still, low=still, close=still, volume=np.full(bars, volume))


def series(*, step: Timeframe = Timeframe.H1, **columns: np.ndarray) -> Series:
    """A series from copies of the given columns."""
    bars = len(columns["close"])
    stamps = START_MS + np.arange(bars, dtype=np.int64) * step.ms
    return Series(step, stamps, **{name: column.copy() for name, column in columns.items()})


def changed(of: Series, rows: slice | np.ndarray, **values: object) -> Series:
    """A copy with some rows of some columns overwritten."""
    columns = {
        name: getattr(of, name).copy() for name in ("open", "high", "low", "close", "volume")
    }
    for name, value in values.items():
        columns[name][rows] = value
    return Series(of.timeframe, of.open_ms.copy(), **columns)


def cut(of: Series, bars: int) -> Series:
    """The first `bars` candles as a series of their own."""
    columns = ("open_ms", "open", "high", "low", "close", "volume")
    return Series(of.timeframe, *(getattr(of, name)[:bars].copy() for name in columns))


def tail(of: Series, bars: int) -> Series:
    """The last `bars` candles as a series of their own, as a live source gives them."""
    columns = ("open_ms", "open", "high", "low", "close", "volume")
    return Series(of.timeframe, *(getattr(of, name)[-bars:].copy() for name in columns))


def without(of: Series, first: int, stop: int) -> Series:
    """A copy that lacks the candles from `first` to before `stop`."""
    columns = ("open_ms", "open", "high", "low", "close", "volume")
    rows = np.r_[0:first, stop : len(of)]
    return Series(of.timeframe, *(getattr(of, name)[rows] for name in columns))


def close_time(of: Series, bars: int) -> datetime:
    """When the first `bars` candles are closed."""
    return START + bars * of.timeframe.delta


class HandSource(MarketSource):
    """Serves given series; everything else only where it is set."""

    def __init__(
        self,
        data: dict[tuple[str, Timeframe], Series],
        *,
        perpetual: bool = False,
        book: OrderBook | None = None,
        funding: Funding | None = None,
        ahead: timedelta = timedelta(0),
        live: bool = False,
        venue: VenueState = SIMULATED,
        base: Timeframe = Timeframe.H1,
    ) -> None:
        self.data = data
        self.perpetual = perpetual
        self.the_book = book
        self.the_funding = funding
        self.ahead = ahead
        """How far this source looks into the future: a source with a bug."""
        self.live = live
        """Answers with series that hold only what was asked for, as an exchange does."""
        self.the_venue = venue
        offers = {"order_book"} if book else set()
        self._info = SourceInfo(
            "hand", "synthetic", "made by hand", frozenset(offers), base, None, None
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    async def open(self, symbols: Sequence[str]) -> None:
        """Nothing to do."""

    @override
    async def close(self) -> None:
        """Nothing to do."""

    @override
    def instrument(self, symbol: str) -> Instrument:
        kind = "perpetual" if self.perpetual else "spot"
        step = Decimal("0.001")
        return Instrument(symbol, "BTC", "USDT", kind, Decimal("0.1"), step, step, Decimal(5))

    @override
    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        found = self.data.get((symbol, timeframe)) or cut(walk(0, timeframe=timeframe), 0)
        window = Candles.whole(found).until(as_of + self.ahead).last(bars)
        if self.live and len(window):
            return Candles.whole(tail(cut(found, window.stop), len(window)))
        return window

    @override
    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        decision = next(s for (name, _), s in self.data.items() if name == symbol)
        closed = Candles.whole(decision).until(as_of)
        if closed.known_at is None:
            return None
        return Tick(Decimal(str(round(float(closed.close[-1]), 1))), closed.known_at)

    @override
    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        return self.the_book

    @override
    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        return ()

    @override
    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        return self.the_funding

    @override
    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        return None

    @override
    async def venue(self, as_of: datetime) -> VenueState:
        return self.the_venue

    @override
    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        raise NotImplementedError("decisions do not ask for fills")

    @override
    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        return ()


def small_book(at: datetime) -> OrderBook:
    """One level a side around 100."""
    bid, ask = Level(Decimal(99), Decimal(1)), Level(Decimal(101), Decimal(1))
    return OrderBook(at=at, origin="venue", bids=(bid,), asks=(ask,))
