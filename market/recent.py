"""The last ten values of what a chart shows: a level says little without where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.candles import Candles
from domain.clock import from_ms
from domain.snapshot import Bar, RecentSeries
from market.features import feature_table

if TYPE_CHECKING:
    from domain.candles import Floats

RECENT_BARS = 10
SHOWN_BARS = 24


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


def shown_bars(candles: Candles) -> tuple[Bar, ...]:
    """The newest 24 candles, oldest first."""
    newest = candles.last(SHOWN_BARS)
    rows = zip(
        newest.open_ms.tolist(),
        newest.open.tolist(),
        newest.high.tolist(),
        newest.low.tolist(),
        newest.close.tolist(),
        newest.volume.tolist(),
        strict=True,
    )
    return tuple(
        Bar(open_time=from_ms(stamp), open=o, high=h, low=low, close=c, volume=v)
        for stamp, o, h, low, c, v in rows
    )


def _told(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if value == value else None for value in values.tolist())
