"""How each column of a feature table is computed: TA-Lib's own output wherever TA-Lib has one.

A family is what one pass computes together. Nothing here looks ahead: value t rests on candles up
to t and on nothing after. Sums over a window are added up afresh for each candle and in one order
on every machine: a running sum leaves rounding behind, so that no window would be exactly 0 again
and values would depend on where the series begins, and a dot product's last digits are the
processor's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import unwrap
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from domain.candles import Floats

VOLATILITY_DAYS = 30
MIN_VOLATILITY_BARS = 50
"""Fewer log returns than this say nothing about volatility."""
VWAP_BARS = 24
STOCHASTIC_BARS = 14
_BLOCK = 16_384
"""Values summed at a time, so that what is summed stays in the processor's cache."""

Column = Callable[[str], "Floats"]
"""Another column of the same table."""
Family = Callable[[Series, Column], tuple["Floats", ...]]
"""The columns of a family, in its order, shape (n,) each; NaN where absent."""


def volatility_bars(timeframe: Timeframe) -> int:
    """Log returns behind `realised_volatility`: what 30 days hold, at least 50.

    A series that begins later gives what it has. On 5m and finer that is so for every live source:
    nobody downloads 30 days of minutes before a decision.
    """
    return max(MIN_VOLATILITY_BARS, VOLATILITY_DAYS * 86_400 // timeframe.seconds)


@cache
def _talib() -> SimpleNamespace:
    """TA-Lib's functions without the wrapper that looks for pandas and polars in every argument.

    On 300 candles the wrapper takes as long as the indicator.
    """
    import talib

    names = ("ADX", "ATR", "BBANDS", "EMA", "MACD", "MAX", "MIN", "OBV", "RSI", "STOCH")
    return SimpleNamespace(**{name: unwrap(getattr(talib, name)) for name in names})


def _ema(bars: int) -> Family:
    def family(series: Series, _: Column) -> tuple[Floats, ...]:
        return (_talib().EMA(series.close, bars),)

    return family


def _rsi(bars: int) -> Family:
    """RSI without the zeros that TA-Lib writes where there was neither gain nor loss."""

    def family(series: Series, _: Column) -> tuple[Floats, ...]:
        close = series.close
        rsi = _talib().RSI(close, bars)
        zero = rsi == 0
        if np.count_nonzero(zero):
            still = _talib().MAX(close, bars + 1) == _talib().MIN(close, bars + 1)
            rsi[zero & still] = np.nan
        return (rsi,)

    return family


def _macd(series: Series, _: Column) -> tuple[Floats, ...]:
    lines: tuple[Floats, ...] = _talib().MACD(series.close, 12, 26, 9)
    return lines


def _atr(series: Series, _: Column) -> tuple[Floats, ...]:
    return (_talib().ATR(series.high, series.low, series.close, 14),)


def _adx(series: Series, _: Column) -> tuple[Floats, ...]:
    return (_talib().ADX(series.high, series.low, series.close, 14),)


def _bollinger(series: Series, _: Column) -> tuple[Floats, ...]:
    bands: tuple[Floats, ...] = _talib().BBANDS(series.close, 20, 2.0, 2.0)
    return bands


def _stochastic(series: Series, _: Column) -> tuple[Floats, ...]:
    """Both lines, absent where a window they rest on stood still."""
    high, low = series.high, series.low
    k, d = _talib().STOCH(
        high, low, series.close, fastk_period=STOCHASTIC_BARS, slowk_period=3, slowd_period=3
    )
    if np.count_nonzero(high == low):
        still = _talib().MAX(high, STOCHASTIC_BARS) == _talib().MIN(low, STOCHASTIC_BARS)
        k[_seen_in_last(still, 3)] = np.nan
        d[_seen_in_last(still, 5)] = np.nan
    return k, d


def _seen_in_last(mask: NDArray[np.bool_], bars: int) -> NDArray[np.bool_]:
    """True where `mask` holds at any of the last `bars` candles."""
    seen: NDArray[np.bool_] = np.convolve(mask, np.ones(bars))[: len(mask)] > 0
    return seen


@np.errstate(all="ignore")
def _obv_change(series: Series, _: Column) -> tuple[Floats, ...]:
    balance = _talib().OBV(series.close, series.volume)
    change = np.empty(len(balance))
    change[:20] = np.nan
    np.subtract(balance[20:], balance[:-20], out=change[20:])
    return (change,)


def _volume(series: Series, _: Column) -> tuple[Floats, ...]:
    return (rolling_sum(series.volume, VWAP_BARS),)


@np.errstate(all="ignore")
def _vwap(series: Series, column: Column) -> tuple[Floats, ...]:
    """A window without any volume has no price of its own."""
    money = series.high + series.low
    money += series.close
    money *= series.volume
    vwap = rolling_sum(money, VWAP_BARS)
    vwap /= np.multiply(column("volume_24"), 3, out=money)
    return (_finite(vwap),)


@np.errstate(all="ignore")
def _volume_trend(series: Series, _: Column) -> tuple[Floats, ...]:
    trend = rolling_sum(series.volume, 5)
    trend *= 4 / rolling_sum(series.volume, 20)
    return (_finite(trend),)


@np.errstate(all="ignore")
def _volatility(series: Series, _: Column) -> tuple[Floats, ...]:
    """Sample standard deviation of log returns, annualised; the window grows from 50 to 30 days."""
    widest = volatility_bars(series.timeframe)
    returns = np.zeros(len(series))
    np.divide(series.close[1:], series.close[:-1], out=returns[1:])
    np.log(returns[1:], out=returns[1:])
    count = np.arange(float(len(series)))
    count[widest:] = widest
    total, squares = _last(returns, widest), _last(returns * returns, widest)
    total *= total
    total /= count
    squares -= total
    squares *= series.timeframe.bars_per_year
    count -= 1
    squares /= count
    volatility: Floats = np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares)
    volatility[:MIN_VOLATILITY_BARS] = np.nan
    return (_finite(volatility),)


def _last(values: Floats, bars: int) -> Floats:
    """Sum of the last `bars` values, of fewer where there are fewer."""
    running: Floats = values.cumsum()
    if len(running) <= bars:
        return running
    sums = running.copy()
    sums[bars:] -= running[:-bars]
    return sums


@np.errstate(all="ignore")
def _atr_fraction(series: Series, column: Column) -> tuple[Floats, ...]:
    return (_finite(column("atr_14") / series.close),)


@np.errstate(all="ignore")
def _bandwidth(_: Series, column: Column) -> tuple[Floats, ...]:
    width = column("bollinger_upper") - column("bollinger_lower")
    width /= column("bollinger_middle")
    return (_finite(width),)


def _finite(values: Floats) -> Floats:
    """The same array, NaN where a quotient is infinite."""
    values[np.isinf(values)] = np.nan
    return values


def rolling_sum(values: Floats, bars: int) -> Floats:
    """Sum of the last `bars` values, NaN where there are fewer; each added up afresh."""
    sums = np.empty(len(values))
    sums[: bars - 1] = np.nan
    for start in range(bars - 1, len(values), _BLOCK):
        stop = start + _BLOCK
        sums[start:stop] = _windows(values[start - bars + 1 : stop], bars)
    return sums


def _windows(values: Floats, bars: int) -> Floats:
    """Sum of each `bars` values in a row, out of the sums of half as many."""
    if bars == 1:
        return values
    half = bars // 2
    halves = _windows(values, half)
    sums: Floats = halves[half:] + halves[:-half]
    return sums[1:] + values[: 1 - bars] if bars % 2 else sums


FAMILIES: dict[tuple[str, ...], Family] = {
    ("ema_20",): _ema(20),
    ("ema_50",): _ema(50),
    ("rsi_7",): _rsi(7),
    ("rsi_14",): _rsi(14),
    ("macd", "macd_signal", "macd_histogram"): _macd,
    ("atr_14",): _atr,
    ("adx_14",): _adx,
    ("bollinger_upper", "bollinger_middle", "bollinger_lower"): _bollinger,
    ("stochastic_k", "stochastic_d"): _stochastic,
    ("obv_change_20",): _obv_change,
    ("vwap_24",): _vwap,
    ("realised_volatility",): _volatility,
    ("volume_trend",): _volume_trend,
    ("atr_fraction",): _atr_fraction,
    ("volume_24",): _volume,
    ("bandwidth",): _bandwidth,
}
"""The columns of a table, in families. Those that `domain.snapshot.Features` does not show are what
`market.regime` ranks: ATR/close, volume of 24 bars, and the width of the Bollinger bands over their
middle."""
RECURSIVE = frozenset(
    {
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
    }
)
"""Columns that carry their whole past along."""
