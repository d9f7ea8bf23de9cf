"""Numbers and tables as a prompt shows them: short, without exponents, absent is `-`.

Cells stand between bars without spaces: a bar is one token, and a space before a digit another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

ABSENT = "-"
SIGNIFICANT_DIGITS = 6
"""Digits of an indicator that are shown; prices of candles are shown whole."""


def cells(row: Sequence[str]) -> str:
    """One line of a table."""
    return "|".join(row)


def lines(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The lines of a table."""
    return tuple(map(cells, rows))


def number(value: float | None, digits: int = SIGNIFICANT_DIGITS) -> str:
    """`value` to so many significant digits, never with an exponent; `-` when absent."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
