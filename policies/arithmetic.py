"""The gate's own decimal arithmetic, so that no caller's context can change a verdict or a word."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)

_CONTEXT = Context(
    prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)


def gate_arithmetic() -> AbstractContextManager[Context]:
    """28 digits, half to even; what is no number raises."""
    return localcontext(_CONTEXT)
