"""What kind of market it is, and whether to stay out: rules, no model, no judgement.

Percentiles rank now among the instrument's own recent past, so that they mean the same for every
instrument. The bounds of the buckets stand in the docstrings of `domain.snapshot.Regime`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Candles
from domain.snapshot import Features, Liquidity, Regime, Trend, VolatilityBucket
from market.features import WARMUP_BARS, feature_table
from market.flags import WICK_ATR_RATIO, wicks

if TYPE_CHECKING:
    from numpy.typing import NDArray

HISTORY_BARS = 2000
"""How far back now is compared with: 12 weeks of hours, a week of 5-minute candles."""
MIN_HISTORY_BARS = 100
"""A percentile among fewer values is noise, and absent."""
TREND_ADX = 20.0
SLOPE_BARS = 6
ACTIVITY_BARS = 24
MAX_SILENT_FRACTION = 0.25
"""This share of the last 24 candles without any trade: the next order may meet nobody."""
THINNEST_FRACTION = 0.02
"""Volume this low in its own history. A fifth of all time is `thin`: too much to stay out of."""


def regime(candles: Candles, features: Features, breadth: float | None) -> Regime:
    """The regime at the newest of `candles`, whose indicators are `features`.

    `breadth` is the share of the session's symbols above their EMA 50, or None.
    """
    table = feature_table(candles.series)
    volatility = _percentile(table.column("atr_fraction"), candles.stop)
    activity = _percentile(table.column("volume_24"), candles.stop)
    slope = _slope_bps(table.column("vwap_24"), candles.stop)
    bucket = _bucket(volatility)
    reasons = _reasons_to_sit_out(candles, features, volatility, activity)
    return Regime(
        volatility=bucket,
        volatility_percentile=volatility,
        trend=_trend(features, slope),
        adx_14=features.adx_14,
        vwap_slope_bps=slope,
        liquidity=_liquidity(activity),
        breadth_fraction=breadth,
        sit_out=bool(reasons),
        sit_out_reasons=reasons,
    )


def _percentile(column: NDArray[np.float64], stop: int) -> float | None:
    """Share of the last 2,000 values before `stop` that are at or below the newest one."""
    past = column[max(0, stop - HISTORY_BARS) : stop]
    known = past[~np.isnan(past)]
    if len(known) < MIN_HISTORY_BARS or np.isnan(past[-1]):
        return None
    return float(np.count_nonzero(known <= past[-1]) / len(known))


def _slope_bps(vwap: NDArray[np.float64], stop: int) -> float | None:
    if stop <= SLOPE_BARS:
        return None
    before, now = float(vwap[stop - 1 - SLOPE_BARS]), float(vwap[stop - 1])
    slope = (now / before - 1) / SLOPE_BARS * 10_000
    return slope if np.isfinite(slope) else None


def _bucket(percentile: float | None) -> VolatilityBucket | None:
    if percentile is None:
        return None
    if percentile < 0.25:
        return "low"
    if percentile < 0.75:
        return "normal"
    return "high" if percentile < 0.95 else "extreme"


def _liquidity(percentile: float | None) -> Liquidity | None:
    if percentile is None:
        return None
    if percentile < 0.20:
        return "thin"
    return "deep" if percentile > 0.80 else "normal"


def _trend(features: Features, slope_bps: float | None) -> Trend | None:
    fast, slow, strength = features.ema_20, features.ema_50, features.adx_14
    if fast is None or slow is None or strength is None or slope_bps is None:
        return None
    if strength < TREND_ADX:
        return "range"
    if fast > slow and slope_bps > 0:
        return "up"
    return "down" if fast < slow and slope_bps < 0 else "range"


def _reasons_to_sit_out(
    candles: Candles, features: Features, volatility: float | None, activity: float | None
) -> tuple[str, ...]:
    """One sentence for each rule that advises against any entry."""
    reasons = []
    if features.atr_14 is None:
        reasons.append(
            f"Indicators are warming up: {candles.stop} of {WARMUP_BARS} closed candles."
        )
    if volatility is not None and _bucket(volatility) == "extreme":
        reasons.append(
            f"Volatility is extreme: ATR/price is at or above {volatility:.1%} of its history."
        )
    newest = candles.series.volume[max(0, candles.stop - ACTIVITY_BARS) : candles.stop]
    silent = int(np.count_nonzero(newest == 0))
    if silent >= MAX_SILENT_FRACTION * ACTIVITY_BARS:
        reasons.append(
            f"Trading has dried up: {silent} of the last {len(newest)} candles are empty."
        )
    if activity is not None and activity < THINNEST_FRACTION:
        reasons.append(
            f"Liquidity is thin: the volume of 24 candles is in the lowest "
            f"{THINNEST_FRACTION:.0%} of its history."
        )
    if len(wicks(candles.last(1))):
        reasons.append(
            f"The newest candle has a wick of over {WICK_ATR_RATIO:g} ATR: perhaps a bad print."
        )
    return tuple(reasons)
