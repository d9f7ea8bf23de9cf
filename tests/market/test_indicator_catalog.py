from __future__ import annotations

import math

import numpy as np
import pytest

from domain.candles import Candles
from market.features import WARMUP_BARS, features_at
from market.indicator_catalog import COMPUTE_BARS, catalog, compute
from market.indicator_list import INDICATORS
from tests.market.handmade import changed, cut, flat, tail, walk

LONG = walk(900, seed=6)
NAMES = sorted(INDICATORS)


def test_the_catalogue_names_many_with_a_line_and_windows_each() -> None:
    listed = catalog()
    assert len(listed) >= 25
    assert listed["cci"].endswith("(window=20)")
    assert all(len(line) > 20 for line in listed.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_has_finite_values_on_an_ordinary_market(name: str) -> None:
    lines = compute(name, Candles.whole(LONG), 5)
    assert set(lines) == set(INDICATORS[name].lines)
    for values in lines.values():
        assert len(values) == 5
        assert all(value is not None and math.isfinite(value) for value in values)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_absent_and_not_zero_while_warming_up(name: str) -> None:
    entry = INDICATORS[name]
    needed = entry.warmup_bars(entry.windows)
    before = compute(name, Candles(LONG, 0, needed - 1), 3)
    assert all(value is None for values in before.values() for value in values)
    if entry.recursive:
        assert needed >= WARMUP_BARS


@pytest.mark.parametrize("name", NAMES)
def test_each_reads_nothing_after_the_newest_candle(name: str) -> None:
    broken = changed(LONG, slice(700, None), open=1.0, high=1.0, low=1.0, close=1.0, volume=0.0)
    now = compute(name, Candles(LONG, 0, 700), 3)
    assert now == compute(name, Candles.whole(cut(LONG, 700)), 3)
    assert now == compute(name, Candles(broken, 0, 700), 3)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_the_same_of_a_live_window_as_of_a_long_history(name: str) -> None:
    window = tail(LONG, COMPUTE_BARS)
    assert compute(name, Candles.whole(window), 3) == compute(name, Candles.whole(LONG), 3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("volume", [0.0, 1.0])
def test_each_survives_a_market_in_which_nothing_moves(name: str, volume: float) -> None:
    lines = compute(name, Candles.whole(flat(600, volume=volume)), 2)
    values = [value for line in lines.values() for value in line]
    assert all(value is None or math.isfinite(value) for value in values)


@pytest.mark.parametrize("bars", [0, 1, 2, 5])
def test_hardly_any_candles_are_no_error(bars: int) -> None:
    for name in NAMES:
        for values in compute(name, Candles.whole(cut(LONG, bars)), 3).values():
            assert values == [None] * min(3, bars)


def test_values_come_oldest_first() -> None:
    three = compute("roc", Candles.whole(LONG), 3)["roc"]
    one = compute("roc", Candles.whole(LONG), 1)["roc"]
    assert three[-1:] == one
    assert three[-1] == pytest.approx((LONG.close[-1] / LONG.close[-13] - 1) * 100)


def test_the_first_value_shown_is_that_of_the_300th_candle() -> None:
    values = compute("kama", Candles(LONG, 0, 400), 300)["kama"]
    assert values.index(next(v for v in values if v is not None)) == 300 - 101
    assert None not in values[-101:]


def test_a_window_may_be_changed() -> None:
    mean = compute("sma", Candles.whole(LONG), windows={"window": 10})["sma"][0]
    assert mean == pytest.approx(float(np.mean(LONG.close[-10:])))


def test_the_wider_adx_agrees_with_the_one_every_decision_sees() -> None:
    theirs = compute("adx", Candles.whole(LONG))["adx"][0]
    assert theirs == pytest.approx(features_at(Candles.whole(LONG)).adx_14, rel=1e-6)


def test_the_parabolic_stop_has_one_value_per_candle() -> None:
    values = compute("psar", Candles.whole(LONG), 300)["psar"]
    assert len(values) == 300
    below = [v < c for v, c in zip(values, LONG.close[-300:], strict=True) if v is not None]
    assert any(below)
    assert not all(below)


def test_an_unknown_indicator_is_refused_with_the_near_ones() -> None:
    with pytest.raises(ValueError, match="unknown indicator 'donchain'; did you mean donchian"):
        compute("donchain", Candles.whole(LONG))
    with pytest.raises(ValueError, match="known: adx, aroon"):
        compute("qqq", Candles.whole(LONG))


@pytest.mark.parametrize(
    ("windows", "complaint"),
    [
        ({"length": 5}, "has no window 'length'; it has: window"),
        ({"window": 1}, "is 1, was expected from 2 to 200 bars"),
        ({"window": 201}, "is 201, was expected from 2 to 200 bars"),
    ],
)
def test_a_window_that_cannot_be_is_refused(windows: dict[str, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        compute("cci", Candles.whole(LONG), windows=windows)
