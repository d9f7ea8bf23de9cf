from __future__ import annotations

import gc
import math
import weakref
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candles import Candles, Series, Timeframe
from domain.errors import DataError
from market.feature_columns import FAMILIES, rolling_sum, volatility_bars
from market.features import (
    COLUMNS,
    SHOWN,
    WARMUP_BARS,
    FeatureTable,
    feature_table,
    features_at,
)
from tests.market.handmade import changed, close_time, cut, flat, series, tail, walk

RECURSIVE = [name for name in COLUMNS if name.startswith(("ema", "rsi", "macd", "atr", "adx"))]
FIRST_ROW = {
    "bollinger_upper": 19,
    "bollinger_middle": 19,
    "bollinger_lower": 19,
    "bandwidth": 19,
    "stochastic_k": 17,
    "stochastic_d": 17,
    "obv_change_20": 20,
    "vwap_24": 23,
    "volume_24": 23,
    "volume_trend": 19,
    "realised_volatility": 50,
}
LONG = walk(2_000)


def all_columns(table: FeatureTable) -> np.ndarray:
    return np.stack([table.column(name) for name in COLUMNS])


def first_known(values: np.ndarray) -> int:
    return int(np.flatnonzero(~np.isnan(values))[0])


@pytest.mark.parametrize("name", RECURSIVE)
def test_a_recursive_indicator_is_absent_until_300_candles_are_closed(name: str) -> None:
    column = feature_table(LONG).column(name)
    assert np.isnan(column[: WARMUP_BARS - 1]).all()
    assert not np.isnan(column[WARMUP_BARS - 1 :]).any()


@pytest.mark.parametrize(("name", "row"), FIRST_ROW.items())
def test_a_window_indicator_is_absent_until_its_window_is_full(name: str, row: int) -> None:
    column = feature_table(LONG).column(name)
    assert first_known(column) == row
    assert not np.isnan(column[row:]).any()


def test_every_column_has_a_first_row_here() -> None:
    assert {*RECURSIVE, *FIRST_ROW} == set(COLUMNS)


def test_warming_up_is_none_and_never_zero() -> None:
    features = features_at(Candles(LONG, 0, WARMUP_BARS - 1))
    assert (features.ema_20, features.atr_14, features.adx_14) == (None, None, None)
    assert features.bollinger_middle is not None
    assert features_at(Candles(LONG, 0, WARMUP_BARS)).atr_14 is not None


def test_features_say_what_they_rest_on() -> None:
    features = features_at(Candles(LONG, 900, 1_000))
    assert features.timeframe is Timeframe.H1
    assert features.bars == 1_000
    assert features.known_at == close_time(LONG, 1_000)
    assert features.close == LONG.close[999]


def test_features_of_no_candle_are_refused() -> None:
    with pytest.raises(DataError, match="no closed 1h candle"):
        features_at(Candles(LONG, 10, 10))


@settings(max_examples=25)
@given(st.integers(1, 1_500), st.integers(0, 5))
def test_a_row_is_the_same_bit_for_bit_when_history_ends_there(bars: int, seed: int) -> None:
    whole = walk(1_500, seed=seed)
    prefix = all_columns(feature_table(cut(whole, bars)))
    np.testing.assert_array_equal(prefix, all_columns(feature_table(whole))[:, :bars])


@pytest.mark.parametrize("garbage", [0.0, -5.0, math.nan, math.inf, 1e12])
def test_garbage_after_the_decision_changes_nothing(garbage: float) -> None:
    later = slice(1_000, None)
    broken = changed(
        LONG, later, open=garbage, high=garbage, low=garbage, close=garbage, volume=garbage
    )
    expected, found = all_columns(feature_table(LONG)), all_columns(feature_table(broken))
    np.testing.assert_array_equal(found[:, :1_000], expected[:, :1_000])
    assert not np.isinf(found).any()


@settings(max_examples=25)
@given(st.integers(1_500, 2_000))
def test_a_live_window_of_500_candles_says_what_the_full_history_says(stop: int) -> None:
    full, window = feature_table(LONG), feature_table(tail(cut(LONG, stop), 500))
    for name in set(COLUMNS) - {"realised_volatility"}:
        history = full.column(name)
        spread = float(np.nanstd(history))
        assert abs(history[stop - 1] - window.column(name)[-1]) <= 1e-4 * spread, name


def test_a_column_is_computed_once_per_series() -> None:
    for name in COLUMNS:
        assert feature_table(LONG).column(name) is feature_table(LONG).column(name)
    assert feature_table(cut(LONG, 2_000)).column("macd") is not feature_table(LONG).column("macd")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_column_is_the_same_whatever_was_asked_before(family: tuple[str, ...]) -> None:
    here = cut(LONG, 2_000)
    for name in reversed(family):
        np.testing.assert_array_equal(
            feature_table(here).column(name), feature_table(LONG).column(name)
        )


def test_what_a_decision_is_shown_is_in_the_table() -> None:
    assert len(COLUMNS) == len(set(COLUMNS))
    assert {*SHOWN} | {"atr_fraction", "volume_24", "bandwidth"} == set(COLUMNS)


@pytest.mark.parametrize("bars", [2, 3, 5, 20, 24])
@pytest.mark.parametrize("count", [1, 4, 23, 24, 25, 100, 40_000])
def test_a_window_is_added_up_in_one_order_wherever_it_lies(bars: int, count: int) -> None:
    def halved(window: list[float]) -> float:
        if len(window) == 1:
            return window[0]
        half = len(window) // 2
        even = halved(window[-2 * half : -half]) + halved(window[-half:])
        return window[0] + even if len(window) % 2 else even

    values = np.random.default_rng(5).gamma(2, 50, count)
    sums = rolling_sum(values, bars)
    assert np.isnan(sums[: bars - 1]).all()
    for row in {*range(bars - 1, min(count, 200)), *range(16_370, min(count, 16_450)), count - 1}:
        if row >= bars - 1:
            assert sums[row] == halved(values[row - bars + 1 : row + 1].tolist())


def test_a_window_of_nothing_is_exactly_nothing() -> None:
    values = np.concatenate([np.full(50, 0.1), np.zeros(24), np.full(50, 1e12)])
    assert rolling_sum(values, 24)[73] == 0.0


def test_a_table_goes_when_its_series_goes() -> None:
    here = walk(50)
    values = weakref.ref(feature_table(here).column("ema_20"))
    del here
    gc.collect()
    assert values() is None


def test_a_table_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        feature_table(LONG).column("ema_20")[0] = 1.0


@pytest.mark.parametrize("bars", [0, 1, 2, 19, 20, 21, 24, 50, 51])
def test_a_short_history_is_no_error(bars: int) -> None:
    table = feature_table(walk(bars))
    assert all_columns(table).shape == (len(COLUMNS), bars)
    assert np.isnan(table.column("ema_20")).all()


def test_a_market_that_does_not_move_has_no_oscillator() -> None:
    features = features_at(Candles.whole(flat(400)))
    assert (features.rsi_7, features.rsi_14) == (None, None)
    assert (features.stochastic_k, features.stochastic_d) == (None, None)
    assert features.atr_14 == 0.0
    assert features.realised_volatility == 0.0
    assert features.volume_trend == 1.0


def test_a_stochastic_that_rests_on_one_still_window_is_absent_and_then_returns() -> None:
    still = LONG.close[999]
    paused = changed(LONG, slice(1_000, 1_014), open=still, high=still, low=still, close=still)
    table = feature_table(paused)
    absent_k = np.flatnonzero(np.isnan(table.column("stochastic_k")[900:1_100])) + 900
    absent_d = np.flatnonzero(np.isnan(table.column("stochastic_d")[900:1_100])) + 900
    assert absent_k.tolist() == [1_013, 1_014, 1_015]
    assert absent_d.tolist() == [1_013, 1_014, 1_015, 1_016, 1_017]


def test_falling_without_a_pause_is_an_rsi_of_zero_and_not_absent() -> None:
    falling = np.linspace(200.0, 100.0, 400)
    features = features_at(
        Candles.whole(
            series(open=falling, high=falling, low=falling, close=falling, volume=np.ones(400))
        )
    )
    assert features.rsi_14 == 0.0


def test_a_window_without_volume_has_no_vwap_and_no_volume_trend() -> None:
    silent = feature_table(changed(LONG, slice(1_000, 1_030), volume=0.0))
    vwap, trend = silent.column("vwap_24"), silent.column("volume_trend")
    assert np.flatnonzero(np.isnan(vwap[900:1_100])).tolist() == [123, 124, 125, 126, 127, 128, 129]
    assert np.isnan(trend[1_019:1_030]).all()
    assert silent.column("volume_24")[1_025] == 0.0


def test_an_unchanged_close_adds_nothing_to_on_balance_volume() -> None:
    close = LONG.close[980]
    equal = changed(LONG, slice(980, 1_001), close=close)
    assert feature_table(equal).column("obv_change_20")[1_000] == pytest.approx(0.0, abs=1e-9)


def test_vwap_weighs_the_typical_price_by_volume() -> None:
    window = slice(977, 1_001)
    typical = (LONG.high[window] + LONG.low[window] + LONG.close[window]) / 3
    expected = np.average(typical, weights=LONG.volume[window])
    assert feature_table(LONG).column("vwap_24")[1_000] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("row", [50, 51, 400, 720, 721, 1_999])
def test_realised_volatility_is_the_deviation_of_30_days_of_log_returns(row: int) -> None:
    returns = np.diff(np.log(LONG.close[: row + 1]))[-720:]
    expected = np.std(returns, ddof=1) * math.sqrt(365 * 24)
    assert feature_table(LONG).column("realised_volatility")[row] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("timeframe", "bars"), [(Timeframe.M5, 8_640), (Timeframe.H1, 720), (Timeframe.D1, 50)]
)
def test_volatility_rests_on_30_days_but_at_least_on_50_candles(
    timeframe: Timeframe, bars: int
) -> None:
    assert volatility_bars(timeframe) == bars


def test_volume_trend_is_five_bars_over_twenty() -> None:
    expected = LONG.volume[996:1_001].mean() / LONG.volume[981:1_001].mean()
    assert feature_table(LONG).column("volume_trend")[1_000] == pytest.approx(expected, rel=1e-12)


def test_a_row_is_what_the_columns_say() -> None:
    table: FeatureTable = feature_table(LONG)
    row = table.row(1_234)
    assert "atr_fraction" not in row
    assert all(row[name] == table.column(name)[1_234] for name in row)


def test_until_decides_which_row_is_read() -> None:
    whole: Series = LONG
    almost = close_time(whole, 1_000) - timedelta(milliseconds=1)
    assert features_at(Candles.whole(whole).until(almost)).bars == 999
