"""Indicators on request: what a model may ask for beyond `market.features`, with `ta` behind it.

Values rest on the newest 600 candles at most, so that a long history and a live window say the same
and the slow ones stay bounded. Warm-up is None: `ta` writes 0 there in some of them, and rows of
its own making into PSAR when the candles carry dates, which is why they carry none here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from domain.candles import Candles
from market.indicator_list import INDICATORS, Indicator

COMPUTE_BARS = 600
"""Twice the warm-up: enough for the slowest, and 300 values to show."""
MIN_WINDOW, MAX_WINDOW = 2, 200


def catalog() -> dict[str, str]:
    """Name and one line for each indicator that `compute` knows, with its windows."""
    return {name: _described(entry) for name, entry in INDICATORS.items()}


def compute(
    name: str, candles: Candles, last: int = 1, windows: Mapping[str, int] | None = None
) -> dict[str, list[float | None]]:
    """The newest `last` values of each line of one indicator, oldest first.

    Args:
        name: as in `catalog`.
        candles: closed ones; candles of the series before the window count as history.
        last: how many values, at most 300; fewer come back where there are fewer candles.
        windows: bars for some of its windows in place of the defaults, each 2 to 200.

    Returns:
        Per line the values; None while warming up and where nothing moved or traded.

    Raises:
        ValueError: no such indicator or window, or a window out of range; says what there is.
    """
    entry = INDICATORS.get(name)
    if entry is None:
        near = get_close_matches(name, INDICATORS, n=3, cutoff=0.5)
        offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(INDICATORS)}"
        raise ValueError(f"unknown indicator {name!r}; {offer}")
    asked = {**entry.windows, **_checked(name, entry, windows or {})}
    first = max(0, candles.stop - COMPUTE_BARS)
    masked = max(0, entry.warmup_bars(asked) - 1)
    shown = max(0, min(last, COMPUTE_BARS // 2, len(candles)))
    lines = _lines(entry, Candles(candles.series, first, candles.stop), asked)
    return {
        line: [
            float(values[row]) if row >= masked and math.isfinite(values[row]) else None
            for row in range(len(values) - shown, len(values))
        ]
        for line, values in lines.items()
    }


def _described(entry: Indicator) -> str:
    windows = ", ".join(f"{key}={bars}" for key, bars in entry.windows.items())
    return f"{entry.description} ({windows})" if windows else entry.description


def _checked(name: str, entry: Indicator, windows: Mapping[str, int]) -> Mapping[str, int]:
    for key, bars in windows.items():
        if key not in entry.windows:
            known = ", ".join(entry.windows) or "none"
            raise ValueError(f"indicator {name!r} has no window {key!r}; it has: {known}")
        if not MIN_WINDOW <= bars <= MAX_WINDOW:
            raise ValueError(
                f"window {key!r} of {name!r} is {bars!r}, "
                f"was expected from {MIN_WINDOW} to {MAX_WINDOW} bars"
            )
    return windows


def _lines(
    entry: Indicator, candles: Candles, windows: Mapping[str, int]
) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Each line over all of `candles`; all absent where there are too few to begin with."""
    if len(candles) < max(MIN_WINDOW, *windows.values(), entry.warmup_bars(windows)):
        return {line: np.full(len(candles), np.nan) for line in entry.lines}
    import importlib

    import pandas as pd

    module, _, class_name = entry.place.partition(".")
    indicator_class = getattr(importlib.import_module(f"ta.{module}"), class_name)
    columns = {key: pd.Series(getattr(candles, key).copy()) for key in entry.inputs.split()}
    with np.errstate(all="ignore"):
        indicator = indicator_class(**columns, **windows)
        return {
            line: np.asarray(getattr(indicator, method)(), dtype=np.float64)
            for line, method in entry.lines.items()
        }
