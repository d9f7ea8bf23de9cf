"""Longer candles from shorter ones, without ever showing a part of a candle as a whole one."""

from __future__ import annotations

import numpy as np

from domain.candles import Series, Timeframe
from domain.errors import DataError
from domain.quality import HARMLESS


def resample(series: Series, timeframe: Timeframe, *, in_sessions: bool = False) -> Series:
    """The series in candles of `timeframe`, aligned to UTC.

    A candle is kept only if every one of its base candles is there: a bucket that is cut by the
    start, the end or a gap of the history is left out, because its high, low and volume would be
    those of a shorter time. What was lost or replaced in the series is so in these candles too;
    order and repetition are nothing that a longer candle could show.

    Args:
        series: Base candles.
        timeframe: Of the longer ones.
        in_sessions: Of a market with trading hours, whose day begins and ends within a candle: kept
            is one of which nothing is missing between its first and its last base candle.

    Raises:
        DataError: `timeframe` is finer than the series, or no multiple of it.
    """
    base = series.timeframe
    if timeframe is base:
        return series
    per_bucket, rest = divmod(timeframe.ms, base.ms)
    if rest or per_bucket < 1:
        raise DataError(
            f"cannot make {timeframe.value} candles from {base.value} candles; "
            f"expected a timeframe that {base.value} divides"
        )
    buckets = series.open_ms // timeframe.ms
    starts = np.flatnonzero(np.diff(buckets, prepend=-1))
    counts = np.diff(np.append(starts, len(series)))
    whole = counts == per_bucket
    if in_sessions and len(starts):
        span = series.open_ms[starts + counts - 1] - series.open_ms[starts]
        whole = span == (counts - 1) * base.ms
    flaws = tuple(flaw for flaw in series.flaws if flaw.defect not in HARMLESS)
    if not whole.any():
        empty = np.empty(0)
        return Series(
            timeframe, np.empty(0, np.int64), empty, empty, empty, empty, empty, flaws=flaws
        )
    return Series(
        timeframe=timeframe,
        open_ms=(buckets[starts] * timeframe.ms)[whole],
        open=series.open[starts][whole],
        high=np.maximum.reduceat(series.high, starts)[whole],
        low=np.minimum.reduceat(series.low, starts)[whole],
        close=series.close[starts + counts - 1][whole],
        volume=np.add.reduceat(series.volume, starts)[whole],
        flaws=flaws,
    )
