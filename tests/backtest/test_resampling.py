"""Intervals of figures: blocks in their order, the same each time, nothing of too few."""

from __future__ import annotations

import numpy as np
import pytest

from backtest.resampling import (
    block_length,
    interval_of_mean,
    interval_of_sum,
    reality_check,
    resampled_rows,
)


def test_a_block_is_as_long_as_the_cube_root() -> None:
    assert [block_length(n) for n in (0, 1, 8, 9, 27, 1000)] == [1, 1, 2, 3, 3, 10]


def test_blocks_keep_their_order_and_close_the_ring() -> None:
    rows = resampled_rows(27, resamples=50)
    assert rows.shape == (50, 27)
    steps = np.diff(rows.reshape(50, 9, 3), axis=2) % 27
    assert (steps == 1).all()


def test_the_interval_of_noise_holds_zero_and_that_of_a_gain_does_not() -> None:
    noise = np.random.default_rng(1).normal(0, 1, 200)
    around = interval_of_mean(list(noise - noise.mean()))
    assert around is not None
    assert around.low < 0 < around.high
    gain = interval_of_mean(list(noise + 2))
    assert gain is not None
    assert 0 < gain.low < 2 < gain.high
    assert interval_of_mean(list(noise)) == interval_of_mean(list(noise))


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error() -> None:
    noise = np.random.default_rng(2).normal(0, 1, 1000)
    found = interval_of_mean(list(noise))
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 / 1000**0.5, rel=0.2)


def test_neighbours_that_are_alike_make_it_wider() -> None:
    noise = np.random.default_rng(3).normal(0, 1, 100)
    alike = np.repeat(noise, 8)
    shuffled = np.random.default_rng(4).permutation(alike)
    blocks, single = interval_of_sum(list(alike)), interval_of_sum(list(shuffled))
    assert blocks is not None
    assert single is not None
    assert blocks.high - blocks.low > 1.5 * (single.high - single.low)


def test_too_few_values_have_no_interval() -> None:
    assert interval_of_sum([1.0] * 7) is None
    assert reality_check([[1.0] * 7]) is None
    assert reality_check([]) is None


def test_the_best_of_many_trials_of_noise_is_no_discovery() -> None:
    noise = np.random.default_rng(5).normal(0, 1, (30, 200))
    chance = reality_check(noise.tolist())
    assert chance is not None
    assert chance > 0.05
    noise[3] += 1
    found = reality_check(noise.tolist())
    assert found is not None
    assert found < 0.01
