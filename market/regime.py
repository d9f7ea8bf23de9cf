"""What kind of market it is, and whether to stay out: rules, no model, no judgement.

Percentiles rank now among the instrument's own recent past, so that they mean the same for every
instrument. The bounds of the buckets stand in the docstrings of `domain.snapshot.Regime`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Candles
from domain.snapshot import (
    Features,
    Liquidity,
    Regime,
    Trend,
    VolatilityBucket,
    VolumeTrend,
)
from market.features import WARMUP_BARS, feature_table
from market.flags import WICK_ATR_RATIO, wicks

if TYPE_CHECKING:
    from numpy.typing import NDArray

HISTORY_BARS = 2000
"""How far back now is compared with: 12 weeks of hours, a week of 5-minute candles."""
LONGER_HISTORY_BARS = 200
"""The same on longer timeframes, of which 500 candles are asked for: 300 warm up the others."""
SQUEEZE_FRACTION = 0.10
"""Bands as narrow as in the narrowest tenth of their history are a squeeze."""
RISING_VOLUME_RATIO, FALLING_VOLUME_RATIO = 1.25, 0.8
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
    """The regime at the newest of `candles`, whose indicators are `features`, and its advice.

    `breadth` is the share of the session's symbols above their EMA 50, or None.
    """
    found = longer_regime(candles, features, HISTORY_BARS)
    activity = _percentile(_column(candles, "volume_24"), candles.stop, HISTORY_BARS)
    reasons = _reasons_to_sit_out(candles, features, found.volatility_percentile, activity)
    return found.model_copy(
        update={
            "breadth_fraction": breadth,
            "sit_out": bool(reasons),
            "sit_out_reasons": reasons,
        }
    )


def longer_regime(
    candles: Candles, features: Features, history_bars: int = LONGER_HISTORY_BARS
) -> Regime:
    """The regime of one timeframe without breadth and advice, ranked among its newest bars."""
    volatility, activity, bandwidth = (
        _percentile(_column(candles, name), candles.stop, history_bars)
        for name in ("atr_fraction", "volume_24", "bandwidth")
    )
    slope = _slope_bps(_column(candles, "vwap_24"), candles.stop)
    return Regime(
        timeframe=candles.timeframe,
        volatility=_bucket(volatility),
        volatility_percentile=volatility,
        trend=_trend(features, slope),
        adx_14=features.adx_14,
        vwap_slope_bps=slope,
        liquidity=_liquidity(activity),
        bandwidth_percentile=bandwidth,
        squeeze=None if bandwidth is None else bandwidth <= SQUEEZE_FRACTION,
        volume=_volume_trend(features.volume_trend),
    )


def _column(candles: Candles, name: str) -> NDArray[np.float64]:
    return feature_table(candles.series).column(name)


def _volume_trend(ratio: float | None) -> VolumeTrend | None:
    if ratio is None:
        return None
    if ratio > RISING_VOLUME_RATIO:
        return "rising"
    return "falling" if ratio < FALLING_VOLUME_RATIO else "steady"


def _percentile(column: NDArray[np.float64], stop: int, bars: int) -> float | None:
    """Share of the last `bars` values before `stop` that are at or below the newest one."""
    past = column[max(0, stop - bars) : stop]
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
