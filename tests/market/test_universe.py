from __future__ import annotations

import numpy as np
import pytest

from domain.candles import Candles, Series, Timeframe
from market.facts import correlations
from market.universe import correlation_matrix, universe
from tests.market.handmade import changed, cut, walk, without

H4 = Timeframe.H4
NAMES = ("A", "B", "C", "D")
HOURS = {name: walk(400, seed=seed) for seed, name in enumerate(NAMES, 1)}
FOURS = {name: walk(200, seed=seed, timeframe=H4) for seed, name in enumerate(NAMES, 1)}


def whole(windows: dict[str, Series]) -> dict[str, Candles]:
    return {name: Candles.whole(series) for name, series in windows.items()}


def test_each_symbol_is_told_as_of_its_newest_candle() -> None:
    found = universe(whole(HOURS), whole(FOURS))
    assert found is not None
    assert [state.symbol for state in found.symbols] == list(NAMES)
    close = HOURS["B"].close
    assert found.symbols[1].change_24_fraction == pytest.approx(close[-1] / close[-25] - 1)
    moves = [series.close[-1] / series.close[-25] - 1 for series in HOURS.values()]
    assert found.dispersion_fraction == pytest.approx(np.std(moves, ddof=1))


def test_a_single_symbol_is_no_universe_and_two_have_no_dispersion() -> None:
    assert universe(whole({"A": HOURS["A"]}), {}) is None
    pair = universe(whole({name: HOURS[name] for name in "AB"}), {})
    assert pair is not None
    assert (pair.dispersion_fraction, pair.mean_correlation, pair.correlations) == (None, None, ())


def test_a_symbol_that_has_not_begun_says_nothing() -> None:
    young = whole({**HOURS, "D": cut(HOURS["D"], 10), "C": cut(HOURS["C"], 0)})
    found = universe(young, {})
    assert found is not None
    none, short = found.symbols[2:]
    assert (none.close, none.above_ema_50, none.change_24_fraction) == (None, None, None)
    assert (short.change_24_fraction, short.rsi_14) == (None, None)
    assert short.close is not None


def test_the_matrix_is_what_numpy_says_and_its_rows_are_what_the_gate_is_told() -> None:
    matrix = correlation_matrix(NAMES, whole(FOURS))
    returns = [np.diff(np.log(FOURS[name].close[-181:])) for name in NAMES]
    assert np.array(matrix, dtype=np.float64) == pytest.approx(np.corrcoef(returns), abs=1e-6)
    for row, name in enumerate(NAMES):
        told = correlations(name, whole(FOURS))
        assert told == pytest.approx(
            {other: matrix[row][n] for n, other in enumerate(NAMES) if other != name}, abs=2e-6
        )
    pairs = [matrix[a][b] for a in range(4) for b in range(a)]
    found = universe(whole(HOURS), whole(FOURS))
    assert found is not None
    assert found.mean_correlation == pytest.approx(np.mean(pairs), abs=1e-6)


def test_returns_over_a_gap_are_left_out_and_too_few_say_nothing() -> None:
    holes = {**FOURS, "B": without(FOURS["B"], 100, 110), "C": cut(FOURS["C"], 70)}
    matrix = correlation_matrix(NAMES, whole(holes))
    assert matrix[0][1] == pytest.approx(correlations("A", whole(holes))["B"], abs=2e-6)
    assert matrix[0][2] is None
    still = {**FOURS, "D": changed(FOURS["D"], slice(None), close=100.0)}
    assert correlation_matrix(NAMES, whole(still))[0][3] is None
    assert correlation_matrix(NAMES, whole({"A": cut(FOURS["A"], 0)})) == ()
