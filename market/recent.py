"""The last ten values of what a chart shows: a level says little without where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.candles import Candles
from domain.snapshot import RecentSeries
from market.features import feature_table

if TYPE_CHECKING:
    from domain.candles import Floats

RECENT_BARS = 10


def recent_series(candles: Candles) -> RecentSeries:
    """Close, volume, RSI 14, MACD histogram and ATR 14 at the newest ten candles, oldest first."""
    newest = candles.last(RECENT_BARS)
    table = feature_table(newest.series)

    def path(name: str) -> tuple[float | None, ...]:
        return _told(table.column(name)[newest.start : newest.stop])

    return RecentSeries(
        timeframe=newest.timeframe,
        close=_told(newest.close),
        volume=_told(newest.volume),
        rsi_14=path("rsi_14"),
        macd_histogram=path("macd_histogram"),
        atr_14=path("atr_14"),
    )


def _told(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if value == value else None for value in values.tolist())
