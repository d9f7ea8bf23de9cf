"""Indicators of one timeframe: computed once per series, read causally, absent while warming up.

The engine is TA-Lib. A whole `Series` becomes one table; what a decision reads is the row of its
newest closed candle. No column looks ahead: row t depends on candles up to t and on nothing after,
so a table of the full history and one of a history cut at t hold the same row t, bit for bit.

Absent is NaN in the table and None in `Features`, never 0: a stop sized from an ATR of 0 has zero
width, and a stochastic of 0 in a market that did not move reads as oversold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from domain.candles import Candles, Series
from domain.clock import from_ms
from domain.errors import DataError
from domain.snapshot import Features
from market.feature_columns import FAMILIES, RECURSIVE

if TYPE_CHECKING:
    from domain.candles import Floats

WARMUP_BARS = 300
"""Closed candles before a recursive indicator (EMA, RSI, MACD, ATR, ADX) is believed.

They never forget where they began: on 60 bars an EMA 50 is off by two thirds of its own standard
deviation, on 100 by a seventh, on 300 by 5e-5 of it. From there on a short live window and the full
history of a simulation say the same.
"""
SHOWN = tuple(
    name for name in Features.model_fields if name not in {"timeframe", "bars", "known_at", "close"}
)
"""The columns that `Features` shows, in its order."""
COLUMNS = tuple(name for family in FAMILIES for name in family)
"""All columns."""
_FAMILY_OF = {name: (family, make) for family, make in FAMILIES.items() for name in family}


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Every indicator at every candle of one series, each computed when it is first asked for."""

    series: Series
    _known: dict[str, Floats]
    _is_finite: bool
    """Whether every price and volume is."""

    def column(self, name: str) -> Floats:
        """One of `COLUMNS` at every candle, read-only, shape (n,); the same array each time.

        NaN where absent, never infinite.
        """
        found = self._known.get(name)
        return self._computed(name) if found is None else found

    def at(self, name: str, index: int) -> float | None:
        """One of `COLUMNS` at one candle; None where absent."""
        value: float = self.column(name).item(index)
        return value if value == value else None  # only NaN differs from itself

    def row(self, index: int) -> dict[str, float | None]:
        """What `Features` shows of one candle."""
        return {name: self.at(name, index) for name in SHOWN}

    def _computed(self, name: str) -> Floats:
        """The column, now known like all of its family."""
        family, make = _FAMILY_OF[name]
        for each, values in zip(family, make(self.series, self.column), strict=True):
            if each in RECURSIVE:
                values[: WARMUP_BARS - 1] = np.nan
            if not self._is_finite:
                values[np.isinf(values)] = np.nan
            values.setflags(write=False)
            self._known[each] = values
        return self._known[name]


_tables: WeakKeyDictionary[Series, tuple[dict[str, Floats], bool]] = WeakKeyDictionary()


def feature_table(series: Series) -> FeatureTable:
    """The indicators of a whole series; kept for as long as the series itself is."""
    kept = _tables.get(series)
    if kept is None:
        absent = {} if len(series) else dict.fromkeys(COLUMNS, series.close)
        kept = _tables[series] = absent, _is_finite(series)
    return FeatureTable(series, *kept)


def _is_finite(series: Series) -> bool:
    """Whether every price and volume is; no sum of what `market.quality` lets pass overflows."""
    columns = (series.high, series.low, series.close, series.volume)
    return all(math.isfinite(np.add.reduce(values)) for values in columns)


def features_at(candles: Candles) -> Features:
    """The indicators at the newest candle of `candles`.

    They rest on every candle of the series up to that one, also those before `candles.start`: a
    window is what is shown, not what is known.

    Raises:
        DataError: there is no candle.
    """
    if not len(candles):
        raise DataError(f"no closed {candles.timeframe} candle, indicators need at least one")
    series, newest = candles.series, candles.stop - 1
    return Features(
        timeframe=series.timeframe,
        bars=candles.stop,
        known_at=from_ms(int(series.open_ms[newest]) + series.timeframe.ms),
        close=float(series.close[newest]),
        **feature_table(series).row(newest),
    )


def closes_above(candles: Candles, name: str) -> bool | None:
    """Whether the newest of `candles` closes above this average; None while that is warming up.

    Of many symbols this is all that is asked, so that nothing else is computed for them.
    """
    newest = candles.stop - 1
    average = feature_table(candles.series).at(name, newest)
    return None if average is None else bool(candles.series.close[newest] > average)
