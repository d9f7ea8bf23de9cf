"""How sure a figure is: the circular block bootstrap, for values that follow each other in time.

Neighbours in time resemble each other, so whole blocks are drawn, with their order in them; the
series is closed to a ring, so that each value is drawn as often as any other. Source: D. N. Politis
and J. P. Romano, "A Circular Block-Resampling Procedure for Stationary Data" (1992). The length of
a block is the cube root of the number of values, rounded up: the rate that P. Hall, J. L. Horowitz
and B.-Y. Jing found best for a variance (Biometrika 82, 1995). For the ends of an interval they
have the fourth or fifth root: longer blocks keep more of the dependence, and say less exactly how
wide it is. The ends are quantiles of what was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES_COUNT = 2_000
LEVEL_FRACTION = 0.95
SEED = 7
"""The same record gives the same interval."""
FEWEST_COUNT = 8
"""Of fewer values nothing is said: their spread says next to nothing about what was not drawn."""


class Interval(NamedTuple):
    """Where the figure lies with 95 % confidence, as far as the past tells."""

    low: float
    high: float


def block_length(count: int) -> int:
    """Values in a block: the cube root of all, rounded up; at least 1."""
    return max(1, math.ceil(round(math.cbrt(count), 9)))


def resampled_rows(count: int, resamples: int = RESAMPLES_COUNT) -> NDArray[np.intp]:
    """Positions of the values of each new series. Shape (resamples, count)."""
    import numpy as np

    length = block_length(count)
    blocks = -(-count // length)
    starts = np.random.default_rng(SEED).integers(0, count, size=(resamples, blocks, 1))
    rows = (starts + np.arange(length)) % count
    return np.asarray(rows.reshape(resamples, -1)[:, :count], dtype=np.intp)


def interval(
    values: Sequence[float], figure: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Interval | None:
    """The interval of a figure of `values`, oldest first; None of fewer than 8 values.

    Args:
        values: What is drawn from.
        figure: From series of shape (resamples, count) to figures of shape (resamples,).
    """
    import numpy as np

    if len(values) < FEWEST_COUNT:
        return None
    table = np.asarray(values, dtype=np.float64)[resampled_rows(len(values))]
    tail = (1 - LEVEL_FRACTION) / 2
    low, high = np.quantile(figure(table), [tail, 1 - tail])
    return Interval(float(low), float(high))


def interval_of_sum(values: Sequence[float]) -> Interval | None:
    """The interval of the sum of `values`."""
    return interval(values, lambda table: table.sum(axis=1))


def interval_of_mean(values: Sequence[float]) -> Interval | None:
    """The interval of the mean of `values`."""
    return interval(values, lambda table: table.mean(axis=1))


def reality_check(trials: Sequence[Sequence[float]]) -> float | None:
    """How often the best of so many trials would look this good if none of them were any better.

    White's reality check: a small share speaks for the best trial, although it was picked as such.
    None of fewer than 8 values. Source: H. White, "A Reality Check for Data Snooping",
    Econometrica 68(5), 2000.

    Args:
        trials: Per trial what it earned more than the benchmark, moment by moment; all as long.
    """
    import numpy as np

    table = np.asarray(trials, dtype=np.float64)
    if table.size == 0 or table.shape[1] < FEWEST_COUNT:
        return None
    means = table.mean(axis=1, keepdims=True)
    centred = table - means
    best = np.array([centred[:, row].mean(axis=1).max() for row in resampled_rows(table.shape[1])])
    return float((best >= means.max()).mean())
