"""Candles as arrays, and the rule that decides when a candle may be seen.

A candle is stamped with its *open* time and is known at open + timeframe. `Candles.until` applies
that rule; nothing else in the house may decide what is closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from domain.clock import from_ms, to_ms
from domain.quality import Flaw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Stamps = NDArray[np.int64]


class Timeframe(StrEnum):
    """Length of a candle."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return _SECONDS[self]

    @property
    def ms(self) -> int:
        """Length in milliseconds."""
        return _SECONDS[self] * 1000

    @property
    def delta(self) -> timedelta:
        """Length as a timedelta."""
        return timedelta(seconds=_SECONDS[self])

    @property
    def bars_per_year(self) -> float:
        """How many of these candles a year of a market that never closes has."""
        return 365 * 86_400 / _SECONDS[self]

    def floor(self, at: datetime) -> datetime:
        """The latest boundary of this timeframe at or before `at` (UTC midnights for `1d`)."""
        return from_ms(to_ms(at) // self.ms * self.ms)


_SECONDS = {
    Timeframe.M1: 60,
    Timeframe.M5: 300,
    Timeframe.M15: 900,
    Timeframe.M30: 1800,
    Timeframe.H1: 3600,
    Timeframe.H4: 14_400,
    Timeframe.D1: 86_400,
}


@dataclass(frozen=True)
class Series:
    """A whole immutable candle history of one instrument and timeframe, oldest first.

    All arrays have the same length n and are read-only; prices in quote, volume in base.
    Compared and hashed by identity, so that features can be computed once per series.
    """

    timeframe: Timeframe
    open_ms: Stamps
    """Open times, milliseconds since 1970, strictly increasing. Shape (n,)."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    flaws: tuple[Flaw, ...] = field(default=(), kw_only=True)
    """What was mended in it; gaps, silence and wicks are seen in the candles themselves."""

    def __post_init__(self) -> None:
        for array in (self.open_ms, self.open, self.high, self.low, self.close, self.volume):
            array.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __len__(self) -> int:
        return len(self.open_ms)


@dataclass(frozen=True)
class Candles:
    """A window `[start, stop)` into a `Series`: what may be seen as of some moment."""

    series: Series
    start: int
    stop: int

    @classmethod
    def whole(cls, series: Series) -> Candles:
        """Every candle of the series, closed or not."""
        return cls(series, 0, len(series))

    @property
    def timeframe(self) -> Timeframe:
        """Length of each candle."""
        return self.series.timeframe

    def __len__(self) -> int:
        return self.stop - self.start

    def until(self, as_of: datetime) -> Candles:
        """Only the candles that are closed as of `as_of`: open + timeframe <= as_of."""
        newest_open = to_ms(as_of) - self.timeframe.ms
        stop = int(np.searchsorted(self.series.open_ms, newest_open, side="right"))
        return replace(self, stop=max(self.start, min(self.stop, stop)))

    def last(self, bars: int) -> Candles:
        """The newest `bars` candles, or fewer where there are fewer."""
        return replace(self, start=max(self.start, self.stop - max(0, bars)))

    def since(self, at: datetime) -> Candles:
        """The candles that open at or after `at`."""
        start = int(np.searchsorted(self.series.open_ms, to_ms(at), side="left"))
        return replace(self, start=min(self.stop, max(self.start, start)))

    @cached_property
    def open_ms(self) -> Stamps:
        """Open times in milliseconds, shape (len,)."""
        return self.series.open_ms[self.start : self.stop]

    @cached_property
    def open(self) -> Floats:
        """Opens, shape (len,)."""
        return self.series.open[self.start : self.stop]

    @cached_property
    def high(self) -> Floats:
        """Highs, shape (len,)."""
        return self.series.high[self.start : self.stop]

    @cached_property
    def low(self) -> Floats:
        """Lows, shape (len,)."""
        return self.series.low[self.start : self.stop]

    @cached_property
    def close(self) -> Floats:
        """Closes, shape (len,)."""
        return self.series.close[self.start : self.stop]

    @cached_property
    def volume(self) -> Floats:
        """Volumes in base, shape (len,)."""
        return self.series.volume[self.start : self.stop]

    @property
    def known_at(self) -> datetime | None:
        """When the newest candle became known (its open + timeframe); None when empty."""
        if not len(self):
            return None
        return from_ms(int(self.series.open_ms[self.stop - 1])) + self.timeframe.delta
