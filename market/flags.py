"""What is wrong with the candles that a decision rests on, told as flags.

Mended rows are remembered by the series; gaps, silence and wicks are seen in the candles. All of it
is told of the newest 300 candles, which is what the indicators rest on, and of nothing later
than the decision: a flag is as causal as an indicator.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Candles
from domain.clock import from_ms, to_ms
from domain.quality import Defect, QualityFlag, Treatment
from domain.trading_hours import TradingHours
from market.facts import missing_between
from market.features import WARMUP_BARS, feature_table

if TYPE_CHECKING:
    from domain.candles import Floats, Stamps

WICK_ATR_RATIO = 5.0
"""A wick longer than so many ATR14 of the candle before it. On hours and five minutes of 2018 to
2026 that is 2 to 9 candles in 10,000, the crash of 10 October 2025 among them: many are real."""


def candle_flags(
    candles: Candles, as_of: datetime, hours: TradingHours | None = None
) -> Iterator[QualityFlag]:
    """Flags of the newest 300 of these candles, and of what was dropped after them by `as_of`."""
    newest = candles.last(WARMUP_BARS)
    if not len(newest):
        return
    timeframe = newest.timeframe
    datum = f"candles.{timeframe}"
    first_ms, last_ms = int(newest.open_ms[0]), to_ms(as_of) - timeframe.ms
    for flaw in newest.series.flaws:
        start = np.searchsorted(flaw.at_ms, first_ms)
        stop = np.searchsorted(flaw.at_ms, last_ms, side="right")
        yield from _flag(datum, flaw.defect, flaw.treatment, flaw.at_ms[start:stop])
    yield from _gaps(newest, datum, hours)
    yield from _flag(datum, Defect.SILENT, "kept", newest.open_ms[newest.volume == 0])
    yield from _flag(datum, Defect.WICK, "kept", newest.open_ms[wicks(newest)])


def wicks(candles: Candles) -> Stamps:
    """Rows of the window whose wick is longer than five ATR14 of the candle before."""
    atr = feature_table(candles.series).column("atr_14")
    before = np.full(len(candles), np.nan)
    first = max(1, candles.start)
    before[first - candles.start :] = atr[first - 1 : candles.stop - 1]
    rows: Stamps = np.flatnonzero(wick_lengths(candles) > WICK_ATR_RATIO * before)
    return rows


def wick_lengths(candles: Candles) -> Floats:
    """The longer of both wicks of each candle, in quote, shape (len,)."""
    above = candles.high - np.maximum(candles.open, candles.close)
    below = np.minimum(candles.open, candles.close) - candles.low
    lengths: Floats = np.maximum(above, below)
    return lengths


def _gaps(newest: Candles, datum: str, hours: TradingHours | None) -> Iterator[QualityFlag]:
    """One flag over all gaps: how many candles are missing, the first and the last of them."""
    opens, step = newest.open_ms, newest.timeframe.ms
    missing = missing_between(opens, step, hours)
    after = np.flatnonzero(missing) + 1
    if len(after):
        yield QualityFlag(
            datum=datum,
            defect=Defect.GAP,
            treatment="kept",
            count=int(missing.sum()),
            first_at=from_ms(int(opens[after[0] - 1]) + step),
            last_at=from_ms(int(opens[after[-1]]) - step),
        )


def _flag(datum: str, defect: Defect, treatment: Treatment, at_ms: Stamps) -> Iterator[QualityFlag]:
    if len(at_ms):
        yield QualityFlag(
            datum=datum,
            defect=defect,
            treatment=treatment,
            count=len(at_ms),
            first_at=from_ms(int(at_ms[0])),
            last_at=from_ms(int(at_ms[-1])),
        )
