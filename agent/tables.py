"""Numbers and tables as a prompt shows them: short, without exponents, absent is `-`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

ABSENT = "-"
SIGNIFICANT_DIGITS = 6
"""Digits of an indicator that are shown; prices of candles are shown whole."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines of cells under a head; `-` without a row."""
    lines = [" | ".join(row) for row in rows]
    return "\n".join([" | ".join(head), *lines]) if lines else ABSENT


def number(value: float | None, digits: int = SIGNIFICANT_DIGITS) -> str:
    """`value` to so many significant digits, never with an exponent; `-` when absent."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
