"""Indicators: the same eleven by plangate, by `ta` and by TA-Lib itself, and the whole table.

CPU seconds, median of interleaved rounds; what counts is the ratio. The eleven are those of which
all three know: EMA 20/50, RSI 7/14, MACD, ATR, ADX, Bollinger, Stochastic, OBV, VWAP; 16 columns,
which TA-Lib and plangate keep, each time of a series that nothing is known of. `row` is what a live
decision asks of one timeframe: all 18 values of the newest candle. `table` is every column.
Aims: the eleven at 300 bars >= 100x of `ta` (limit 30x); at 1M bars >= 0.95x of TA-Lib (limit
0.5x). Run: python benchmarks/bench_features.py
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pandas as pd
import talib
from ta.momentum import RSIIndicator, StochasticOscillator
from ta.trend import MACD, ADXIndicator, EMAIndicator
from ta.volatility import AverageTrueRange, BollingerBands
from ta.volume import OnBalanceVolumeIndicator, VolumeWeightedAveragePrice

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.candles import Candles, Series, Timeframe
from market.features import COLUMNS, SHOWN, feature_table, features_at

ROUNDS = 7
ELEVEN = tuple(name for name in SHOWN if name not in {"realised_volatility", "volume_trend"})
MILLION = 1_000_000
SIZES = {300: 20, 100_000: 1, MILLION: 1}
"""Bars, and how often a round repeats the work, so that each round is long enough to time."""
LARGEST_OF_TA = 100_000
"""`ta` takes ten seconds for a million."""
LOOKUPS = 5_000


def candles_of(bars: int) -> Series:
    rng = np.random.default_rng(11)
    close = 30_000 * np.exp(np.cumsum(rng.standard_t(4, bars) * 0.002))
    opened = np.concatenate(([30_000.0], close[:-1]))
    high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.001, bars)))
    low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.001, bars)))
    stamps = np.arange(bars, dtype=np.int64) * Timeframe.H1.ms
    return Series(Timeframe.H1, stamps, opened, high, low, close, rng.gamma(2, 50, bars))


def eleven_of_ta(frame: pd.DataFrame) -> list[float]:
    high, low, close, volume = (frame[name] for name in ("high", "low", "close", "volume"))
    macd, bands = MACD(close), BollingerBands(close)
    stochastic = StochasticOscillator(high, low, close)
    lines = [
        *(EMAIndicator(close, bars).ema_indicator() for bars in (20, 50)),
        *(RSIIndicator(close, bars).rsi() for bars in (7, 14)),
        *(macd.macd(), macd.macd_signal(), macd.macd_diff()),
        AverageTrueRange(high, low, close).average_true_range(),
        ADXIndicator(high, low, close).adx(),
        *(bands.bollinger_hband(), bands.bollinger_mavg(), bands.bollinger_lband()),
        *(stochastic.stoch(), stochastic.stoch_signal()),
        OnBalanceVolumeIndicator(close, volume).on_balance_volume(),
        VolumeWeightedAveragePrice(high, low, close, volume, 24).volume_weighted_average_price(),
    ]
    return [float(line.iloc[-1]) for line in lines]


def eleven_of_talib(series: Series) -> list[np.ndarray]:
    high, low, close = series.high, series.low, series.close
    money = (high + low + close) * series.volume
    return [
        *(talib.EMA(close, bars) for bars in (20, 50)),
        *(talib.RSI(close, bars) for bars in (7, 14)),
        *talib.MACD(close, 12, 26, 9),
        talib.ATR(high, low, close, 14),
        talib.ADX(high, low, close, 14),
        *talib.BBANDS(close, 20, 2.0, 2.0),
        *talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3),
        talib.OBV(close, series.volume),
        talib.SUM(money, 24) / (3 * talib.SUM(series.volume, 24)),
    ]


def fresh(series: Series) -> Series:
    """The same candles as a series whose table is not computed yet."""
    return Series(
        series.timeframe,
        series.open_ms,
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
    )


def cpu_s(work: Callable[[], object], times: int) -> float:
    start = process_time()
    for _ in range(times):
        work()
    return (process_time() - start) / times


def columns_of(series: Series, names: Sequence[str]) -> list[np.ndarray]:
    table = feature_table(fresh(series))
    return [table.column(name) for name in names]


def compare(bars: int, times: int) -> None:
    series = candles_of(bars)
    cases: dict[str, Callable[[], object]] = {
        "talib": lambda: eleven_of_talib(series),
        "eleven": lambda: columns_of(series, ELEVEN),
        "row": lambda: features_at(Candles.whole(fresh(series))),
        "table": lambda: columns_of(series, COLUMNS),
    }
    if bars <= LARGEST_OF_TA:
        names = ("high", "low", "close", "volume")
        frame = pd.DataFrame({name: getattr(series, name).copy() for name in names})
        cases["ta"] = lambda: eleven_of_ta(frame)
    rounds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS + 1):
        for name, work in cases.items():
            rounds[name].append(cpu_s(work, times))
    took = {name: median(times[1:]) for name, times in rounds.items()}
    for name in ("eleven", "row", "table"):
        ratios = [f"{took['talib'] / took[name]:5.2f}x of TA-Lib's eleven"]
        if "ta" in took:
            ratios.append(f"{took['ta'] / took[name]:4.0f}x of ta's")
        print(f"{bars:>9} bars   {name:<7} {1000 * took[name]:9.3f} ms   {', '.join(ratios)}")


def memory() -> None:
    """What a million candles' indicators take while they are computed."""
    series = candles_of(MILLION)
    for said, names in (("eleven", ELEVEN), ("table", COLUMNS)):
        tracemalloc.start()
        kept = columns_of(series, names)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        size = sum(column.nbytes for column in kept) / 1e6
        print(f"{MILLION:>9} bars   {said:<7} {size:9.0f} MB kept, {peak:.0f} MB at most")


def lookups() -> None:
    series = candles_of(2 * LOOKUPS)
    table = feature_table(series)
    rows = iter(range(LOOKUPS, 2 * LOOKUPS))
    table.row(0)
    row_s = cpu_s(lambda: table.row(next(rows)), LOOKUPS)
    stops = iter(range(LOOKUPS, 2 * LOOKUPS))
    whole_s = cpu_s(lambda: features_at(Candles(series, 0, next(stops))), LOOKUPS)
    print(
        f"a decision in a simulation: {1e6 * row_s:.1f} us for the {len(table.row(0))} values, "
        f"{1e6 * whole_s:.1f} us as validated `Features`"
    )


def main() -> None:
    for bars, times in SIZES.items():
        compare(bars, times)
    memory()
    lookups()


if __name__ == "__main__":
    main()
