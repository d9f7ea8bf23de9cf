"""Indicators: plangate's whole feature table against eleven indicators of `ta` and of TA-Lib.

CPU seconds, median of interleaved rounds; what counts is the ratio. Ours is everything a decision
reads (eighteen values, regime columns, warm-up masked), theirs the eleven that all know, so the
ratio errs against us. Aims: at 300 bars >= 100x of `ta` (limit 30x); at 1M bars >= 0.95x of TA-Lib
(limit 0.5x). Run: python benchmarks/bench_features.py
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
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
from market.features import feature_table, features_at

ROUNDS = 7
SIZES = {300: 20, 100_000: 1}
"""Bars, and how often a round repeats the work, so that each round is long enough to time."""
MILLION = 1_000_000
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


def eleven_of_talib(series: Series) -> None:
    high, low, close = series.high, series.low, series.close
    for bars in (20, 50):
        talib.EMA(close, bars)
    for bars in (7, 14):
        talib.RSI(close, bars)
    talib.MACD(close, 12, 26, 9)
    talib.ATR(high, low, close, 14)
    talib.ADX(high, low, close, 14)
    talib.BBANDS(close, 20, 2.0, 2.0)
    talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
    talib.OBV(close, series.volume)
    money = (high + low + close) * series.volume
    talib.SUM(money, 24) / (3 * talib.SUM(series.volume, 24))


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


def compare(bars: int, times: int) -> None:
    series = candles_of(bars)
    frame = pd.DataFrame(
        {name: getattr(series, name).copy() for name in ("high", "low", "close", "volume")}
    )
    cases: dict[str, Callable[[], object]] = {
        "ta": lambda: eleven_of_ta(frame),
        "talib": lambda: eleven_of_talib(series),
        "plangate": lambda: features_at(Candles.whole(fresh(series))),
    }
    rounds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS + 1):
        for name, work in cases.items():
            rounds[name].append(cpu_s(work, times))
    ours, theirs = median(rounds["plangate"][1:]), median(rounds["ta"][1:])
    spread = f"{1000 * min(rounds['plangate'][1:]):.3f}–{1000 * max(rounds['plangate'][1:]):.3f}"
    alone = f"TA-Lib alone {1000 * median(rounds['talib'][1:]):.3f} ms"
    print(
        f"{bars:>7} bars   ta {1000 * theirs:9.2f} ms   plangate {1000 * ours:7.3f} ms "
        f"({spread})   {theirs / ours:5.0f}x   {alone}"
    )


def million() -> None:
    series = candles_of(MILLION)
    rounds: dict[str, list[float]] = {"plangate": [], "talib": []}
    for _ in range(ROUNDS):
        rounds["plangate"].append(cpu_s(lambda: feature_table(fresh(series)), 1))
        rounds["talib"].append(cpu_s(lambda: eleven_of_talib(series), 1))
    ours, theirs = median(rounds["plangate"]), median(rounds["talib"])
    tracemalloc.start()
    feature_table(fresh(series))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(
        f"{MILLION} bars   TA-Lib's eleven {1000 * theirs:.0f} ms   plangate's whole table "
        f"{1000 * ours:.0f} ms   {theirs / ours:.2f}x   peak memory of numpy {peak:.0f} MB"
    )


def lookups() -> None:
    series = candles_of(2 * LOOKUPS)
    table = feature_table(series)
    rows = iter(range(LOOKUPS, 2 * LOOKUPS))
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
    million()
    lookups()


if __name__ == "__main__":
    main()
