from __future__ import annotations

import numpy as np
import pytest

from domain.candles import Candles, Series, Timeframe
from market.facts import MIN_RETURNS, correlations, gap_bars, turnover_24h
from tests.market.handmade import START, changed, cut, walk, without

A, B, C = "A/USDT", "B/USDT", "C/USDT"
OWN, OTHER = (walk(181, seed=seed, timeframe=Timeframe.H4) for seed in (1, 2))


def whole(series: Series) -> Candles:
    return Candles.whole(series)


def gaps(candles: Candles) -> int | None:
    return gap_bars(candles, candles.known_at or START)


def by_numpy(one: Series, two: Series) -> float:
    """Correlation of the log returns of two series with the same stamps."""
    return float(np.corrcoef(np.diff(np.log(one.close)), np.diff(np.log(two.close)))[0, 1])


def rho(own: Series, other: Series) -> float | None:
    return correlations(A, {A: whole(own), B: whole(other)}).get(B)


@pytest.mark.parametrize(
    ("timeframe", "bars"),
    [(Timeframe.M5, 288), (Timeframe.H1, 24), (Timeframe.H4, 6), (Timeframe.D1, 1)],
)
def test_turnover_is_what_was_traded_in_the_last_day(timeframe: Timeframe, bars: int) -> None:
    series = walk(400, timeframe=timeframe)
    typical = (series.high + series.low + series.close) / 3
    assert turnover_24h(whole(series)) == pytest.approx((typical * series.volume)[-bars:].sum())
    assert turnover_24h(whole(cut(series, bars))) is not None
    assert turnover_24h(whole(cut(series, bars - 1))) is None


def test_turnover_of_a_day_with_a_gap_is_what_is_there() -> None:
    series = without(walk(100), 90, 95)
    typical = (series.high + series.low + series.close) / 3
    assert turnover_24h(whole(series)) == pytest.approx((typical * series.volume)[-19:].sum())


def test_turnover_where_nobody_trades_is_nothing_and_not_absent() -> None:
    assert turnover_24h(whole(changed(walk(30), slice(None), volume=0.0))) == 0


@pytest.mark.parametrize(
    ("lost", "missing"),
    [((500, 503), 3), ((301, 600), 299), ((0, 100), 0), ((100, 250), 0), ((598, 599), 1)],
)
def test_gaps_are_counted_among_the_newest_300_candles(lost: tuple[int, int], missing: int) -> None:
    assert gaps(whole(without(walk(601), *lost))) == missing


def test_two_gaps_add_up() -> None:
    assert gaps(whole(without(without(walk(400), 350, 352), 200, 201))) == 3


def test_without_a_candle_nothing_is_said() -> None:
    empty = whole(cut(walk(1), 0))
    assert turnover_24h(empty) is None
    assert gaps(empty) is None
    assert correlations(A, {A: empty, B: whole(OTHER)}) == {}
    assert correlations(A, {A: whole(OWN), B: empty}) == {}
    assert correlations(A, {}) == {}


def test_correlation_is_pearson_s_of_log_returns() -> None:
    assert rho(OWN, OTHER) == pytest.approx(by_numpy(OWN, OTHER), abs=1e-6)
    assert rho(OWN, OTHER) == rho(OTHER, OWN)
    assert rho(OWN, changed(OWN, slice(None), close=OWN.close * 7)) == 1
    assert rho(OWN, changed(OWN, slice(None), close=1e9 / OWN.close)) == -1


def test_each_symbol_has_its_own_correlation() -> None:
    third = walk(181, seed=3, timeframe=Timeframe.H4)
    found = correlations(A, {B: whole(OTHER), A: whole(OWN), C: whole(third)})
    assert found == {B: rho(OWN, OTHER), C: rho(OWN, third)}


def test_only_the_last_30_days_count() -> None:
    long = walk(400, seed=4, timeframe=Timeframe.H4)
    other = walk(400, seed=5, timeframe=Timeframe.H4)
    broken = changed(other, slice(0, 400 - 181), close=1.0)
    assert rho(long, broken) == rho(long, other)


def test_a_return_over_a_gap_is_left_out_on_either_side() -> None:
    gone = slice(100, 104)
    r_own, r_other = np.diff(np.log(OWN.close)), np.diff(np.log(OTHER.close))
    kept = np.ones(180, bool)
    kept[99:104] = False
    expected = float(np.corrcoef(r_own[kept], r_other[kept])[0, 1])
    holed_own, holed = (without(of, gone.start, gone.stop) for of in (OWN, OTHER))
    assert rho(holed_own, OTHER) == pytest.approx(expected, abs=1e-6)
    assert rho(OWN, holed) == pytest.approx(expected, abs=1e-6)
    assert rho(holed_own, holed) == pytest.approx(expected, abs=1e-6)


def test_candles_older_than_30_days_do_not_fill_a_gap() -> None:
    long, other = (walk(300, seed=seed, timeframe=Timeframe.H4) for seed in (6, 7))
    assert rho(without(long, 119, 241), other) is None  # 118 returns before the gap, 58 after it
    assert rho(without(long, 130, 241), other) is not None  # and ten more


@pytest.mark.parametrize(("returns", "known"), [(MIN_RETURNS, True), (MIN_RETURNS - 1, False)])
def test_too_few_common_returns_say_nothing(returns: int, known: bool) -> None:
    late = without(OTHER, 0, 180 - returns)
    assert (rho(OWN, late) is not None) is known


@pytest.mark.parametrize("per_bar", [0.0, 1e-3])
def test_a_price_that_stands_still_or_moves_evenly_has_no_correlation(per_bar: float) -> None:
    even = changed(OTHER, slice(None), close=100 * np.exp(per_bar * np.arange(181)))
    assert rho(OWN, even) is None
    assert rho(even, OWN) is None


def test_a_symbol_without_a_correlation_does_not_cost_the_others_theirs() -> None:
    still = changed(OTHER, slice(None), close=5.0)
    found = correlations(A, {A: whole(OWN), B: whole(still), C: whole(OTHER)})
    assert found == {C: rho(OWN, OTHER)}


def test_a_symbol_that_has_ended_long_ago_has_no_correlation() -> None:
    long = walk(600, seed=6, timeframe=Timeframe.H4)
    assert rho(long, OTHER) is None
