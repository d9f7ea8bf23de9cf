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

from domain.candles import Candles, Series, Timeframe
from domain.clock import from_ms
from domain.errors import DataError
from domain.snapshot import Features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WARMUP_BARS = 300
"""Closed candles before a recursive indicator (EMA, RSI, MACD, ATR, ADX) is believed.

They never forget where they began: on 60 bars an EMA 50 is off by two thirds of its own standard
deviation, on 100 by a seventh, on 300 by 5e-5 of it. From there on a short live window and the full
history of a simulation say the same.
"""
VOLATILITY_DAYS = 30
MIN_VOLATILITY_BARS = 50
"""Fewer log returns than this say nothing about volatility."""
VWAP_BARS = 24
STOCHASTIC_BARS = 14

SHOWN = tuple(
    name for name in Features.model_fields if name not in {"timeframe", "bars", "known_at", "close"}
)
"""The columns that `Features` shows, in its order."""
COLUMNS = (*SHOWN, "atr_fraction", "volume_24", "bandwidth")
"""All columns; the last three are what `market.regime` ranks: ATR/close, volume of 24 bars, and the
width of the Bollinger bands over their middle."""
_RECURSIVE = (
    "ema_20",
    "ema_50",
    "rsi_7",
    "rsi_14",
    "macd",
    "macd_signal",
    "macd_histogram",
    "atr_14",
    "adx_14",
    "atr_fraction",
)
_POSITION = {name: position for position, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Every indicator at every candle of one series."""

    values: Floats
    """Shape (columns, n), read-only; NaN where absent, never infinite. Order: `COLUMNS`."""

    def column(self, name: str) -> Floats:
        """One indicator at every candle, shape (n,)."""
        column: Floats = self.values[_POSITION[name]]
        return column

    def row(self, index: int) -> dict[str, float | None]:
        """What `Features` shows of one candle."""
        values = self.values[: len(SHOWN), index].tolist()
        return {
            name: value if value == value else None  # only NaN differs from itself
            for name, value in zip(SHOWN, values, strict=True)
        }


_tables: WeakKeyDictionary[Series, FeatureTable] = WeakKeyDictionary()


def feature_table(series: Series) -> FeatureTable:
    """The indicators of a whole series; kept for as long as the series itself is."""
    table = _tables.get(series)
    if table is None:
        table = _tables[series] = _computed(series)
    return table


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


def volatility_bars(timeframe: Timeframe) -> int:
    """Log returns behind `realised_volatility`: what 30 days hold, at least 50.

    A series that begins later gives what it has. On 5m and finer that is so for every live source:
    nobody downloads 30 days of minutes before a decision.
    """
    return max(MIN_VOLATILITY_BARS, VOLATILITY_DAYS * 86_400 // timeframe.seconds)


def _computed(series: Series) -> FeatureTable:
    values: Floats = np.full((len(COLUMNS), len(series)), np.nan)
    if len(series):
        # Data that is broken later on must not stop a decision that is made before it.
        with np.errstate(all="ignore"):
            _fill(dict(zip(COLUMNS, values, strict=True)), series)
            if not math.isfinite(float(values.sum())):
                values[np.isinf(values)] = np.nan
    values.setflags(write=False)
    return FeatureTable(values)


def _fill(columns: dict[str, Floats], series: Series) -> None:
    _fill_recursive(columns, series)
    for name in _RECURSIVE:
        columns[name][: WARMUP_BARS - 1] = np.nan
    _fill_windows(columns, series)
    _fill_volume(columns, series)
    _fill_volatility(columns["realised_volatility"], series)


def _fill_recursive(columns: dict[str, Floats], series: Series) -> None:
    """What carries its whole past along."""
    import talib

    high, low, close = series.high, series.low, series.close
    columns["ema_20"][:] = talib.EMA(close, 20)
    columns["ema_50"][:] = talib.EMA(close, 50)
    for bars in (7, 14):
        columns[f"rsi_{bars}"][:] = _without_stillness(talib.RSI(close, bars), close, bars)
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    columns["macd"][:] = macd
    columns["macd_signal"][:] = signal
    columns["macd_histogram"][:] = histogram
    columns["atr_14"][:] = talib.ATR(high, low, close, 14)
    columns["adx_14"][:] = talib.ADX(high, low, close, 14)
    np.divide(columns["atr_14"], close, out=columns["atr_fraction"])


def _without_stillness(rsi: Floats, close: Floats, bars: int) -> Floats:
    """RSI without the zeros that TA-Lib writes where there was neither gain nor loss."""
    import talib

    if (rsi == 0).any():
        still = talib.MAX(close, bars + 1) == talib.MIN(close, bars + 1)
        rsi[(rsi == 0) & still] = np.nan
    return rsi


def _fill_windows(columns: dict[str, Floats], series: Series) -> None:
    """What rests on the last few prices only."""
    import talib

    high, low, close = series.high, series.low, series.close
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    columns["bollinger_upper"][:] = upper
    columns["bollinger_middle"][:] = middle
    columns["bollinger_lower"][:] = lower
    np.divide(upper - lower, middle, out=columns["bandwidth"])
    k, d = columns["stochastic_k"], columns["stochastic_d"]
    k[:], d[:] = talib.STOCH(
        high, low, close, fastk_period=STOCHASTIC_BARS, slowk_period=3, slowd_period=3
    )
    if (high == low).any():
        still = talib.MAX(high, STOCHASTIC_BARS) == talib.MIN(low, STOCHASTIC_BARS)
        k[_seen_in_last(still, 3)] = np.nan
        d[_seen_in_last(still, 5)] = np.nan


def _seen_in_last(mask: NDArray[np.bool_], bars: int) -> NDArray[np.bool_]:
    """True where `mask` holds at any of the last `bars` candles."""
    seen: NDArray[np.bool_] = np.convolve(mask, np.ones(bars))[: len(mask)] > 0
    return seen


def _fill_volume(columns: dict[str, Floats], series: Series) -> None:
    """What rests on volume; a window without any volume has no price of its own."""
    import talib

    volume, traded, vwap = series.volume, columns["volume_24"], columns["vwap_24"]
    on_balance = talib.OBV(series.close, volume)
    np.subtract(on_balance[20:], on_balance[:-20], out=columns["obv_change_20"][20:])
    money = series.high + series.low
    money += series.close
    money *= volume
    _roll(volume, VWAP_BARS, traded)
    _roll(money, VWAP_BARS, vwap)
    vwap /= 3 * traded
    trend = columns["volume_trend"]
    usual = np.full(len(volume), np.nan)
    _roll(volume, 5, trend)
    _roll(volume, 20, usual)
    trend *= 4 / usual


def _roll(values: Floats, bars: int, out: Floats) -> None:
    """Write the sum of the last `bars` values where there are that many, each added up afresh.

    A running sum would leave rounding behind: no window would be exactly 0 again, and values would
    depend on where the series begins.
    """
    if len(values) >= bars:
        out[bars - 1 :] = np.correlate(values, np.ones(bars), "valid")


def _fill_volatility(column: Floats, series: Series) -> None:
    """Sample standard deviation of log returns, annualised; the window grows from 50 to 30 days."""
    widest = volatility_bars(series.timeframe)
    returns = np.zeros(len(series))
    np.log(series.close[1:] / series.close[:-1], out=returns[1:])
    count = np.minimum(np.arange(len(series)), widest)
    total, squares = _last(returns, widest), _last(returns * returns, widest)
    total *= total
    total /= count
    squares -= total
    squares *= series.timeframe.bars_per_year
    squares /= count - 1
    np.sqrt(np.maximum(squares, 0.0, out=squares), out=column)
    column[:MIN_VOLATILITY_BARS] = np.nan


def _last(values: Floats, bars: int) -> Floats:
    """Sum of the last `bars` values, of fewer where there are fewer."""
    running = np.cumsum(values)
    sums = running.copy()
    sums[bars:] -= running[:-bars]
    return sums
