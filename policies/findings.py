"""Findings made one way: a comparison, the numbers it rests on, and one plain sentence.

Every comparison is written so that only a proven `True` passes. What is missing, NaN or infinite is
a failed finding whose measured value is `absent`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from domain.numbers import plain
from domain.verdict import Finding
from policies.case import known

ABSENT = "absent"
_SUFFIX = {"bps": " bps", "s": " s"}
_WORDS = {"<=": "the most is", "<": "it has to stay below", ">=": "the least is"}

Comparison = Literal["<=", "<", ">="]


def shown(value: Decimal, digits: int = 6) -> str:
    """`value` rounded to `digits` significant digits, without exponent."""
    return plain(Decimal(f"{value:.{digits}g}"))


def compare(
    code: str,
    what: str,
    measured: Decimal | None,
    comparison: Comparison,
    limit: Decimal,
    unit: str,
    *,
    modelled: bool = False,
    hint: str = "",
) -> Finding:
    """Hold one measured value against one limit.

    Args:
        code: The control's code.
        what: What is measured, as a noun phrase that can follow "the".
        measured: In `unit`; None when an input was missing.
        comparison: What has to hold for the finding to pass.
        limit: In `unit`.
        unit: One of `Finding.unit`.
        modelled: The measurement rests on a modelled book.
        hint: Follows the numbers when the comparison failed.
    """
    what = f"modelled {what}" if modelled else what
    value, suffix = known(measured), _SUFFIX.get(unit, "")
    if value is None:
        return unknown(code, what, f"{comparison} {shown(limit)}", unit, modelled=modelled)
    passed = _holds(value, comparison, limit)
    text, bound = shown(value), shown(limit)
    if _holds(Decimal(text), comparison, Decimal(bound)) != passed:
        # Rounded, the two would hide on which side of the limit the value lies.
        text, bound = plain(value), plain(limit)
    sentence = f"The {what} is {text}{suffix}, {_WORDS[comparison]} {bound}{suffix}"
    sentence += f"; {hint}." if hint and not passed else "."
    return Finding(code, passed, text, f"{comparison} {bound}", unit, sentence, modelled)


def unknown(code: str, what: str, bound: str, unit: str, *, modelled: bool = False) -> Finding:
    """A failed finding for an input that is missing; `bound` is what it would be held against."""
    sentence = f"The {what} is unknown, and what cannot be checked is denied."
    return Finding(code, False, ABSENT, bound, unit, sentence, modelled)


def stated(code: str, passed: bool, measured: str, limit: str, sentence: str) -> Finding:
    """A finding about something that is no number."""
    return Finding(code, passed, measured, limit, "", sentence)


def _holds(value: Decimal, comparison: Comparison, limit: Decimal) -> bool:
    if comparison == "<=":
        return value <= limit
    return value < limit if comparison == "<" else value >= limit
