"""Findings made one way: only a proven `True` passes.

What is missing, NaN or infinite is a failed finding whose value is unknown.
"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Comparison, Measured, holds


def compare(
    code: str,
    what: str,
    value: Decimal | None,
    comparison: Comparison,
    bound: Decimal,
    unit: str,
    *,
    modelled: bool = False,
    hint: str = "",
) -> Measured:
    """Hold one measured value against one bound; see `Measured` for the arguments."""
    if value is None or not (value.is_finite() and bound.is_finite()):
        return Measured(code, False, what, None, comparison, bound, unit, modelled, hint)
    passed = holds(value, comparison, bound)
    return Measured(code, passed, what, value, comparison, bound, unit, modelled, hint)


def unknown(
    code: str,
    what: str,
    comparison: Comparison,
    bound: Decimal,
    unit: str,
    *,
    modelled: bool = False,
) -> Measured:
    """A failed finding for an input that is missing; `bound` is what it would be held against."""
    return Measured(code, False, what, None, comparison, bound, unit, modelled)
