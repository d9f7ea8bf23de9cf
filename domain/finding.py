"""What one rule found: a value held against a limit, or a plain statement; the words come later.

A review makes dozens of findings and most are never read, so a finding keeps its numbers and makes
its words when it is asked for them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, NamedTuple

from domain.numbers import plain

ABSENT = "absent"
Comparison = Literal["<=", "<", ">=", ">"]
_DIGITS = (6, 9, 12, 18)
"""Significant digits that are shown: the fewest that tell on which side of the bound a value is."""
_SUFFIX = {"bps": " bps", "s": " s"}
_WORDS = {
    "<=": "the most is",
    "<": "it has to stay below",
    ">=": "the least is",
    ">": "it has to be above",
}


class Measured(NamedTuple):
    """One value held against one limit. Words are made when they are asked for."""

    code: str
    """Stable upper-case code of the control, such as `RR_BELOW_MIN`."""
    passed: bool
    what: str
    """What was measured, as a noun phrase that can follow "the"."""
    value: Decimal | None
    """In `unit`; None when it is unknown."""
    comparison: Comparison
    """What has to hold between value and bound for the finding to pass."""
    bound: Decimal
    """In `unit`."""
    unit: str
    """Unit of both: `ratio`, `bps`, `fraction`, `quote`, `base`, `s`, `count` or `price`."""
    modelled: bool = False
    """True when the measurement rests on a modelled book instead of a venue's."""
    hint: str = ""
    """What follows from a failure, in words."""

    @property
    def measured(self) -> str:
        """The value as text, in `unit`; `absent` when it is unknown."""
        return self.stated().measured

    @property
    def limit(self) -> str:
        """The bound with its comparison, such as `>= 1.5`."""
        return self.stated().limit

    @property
    def sentence(self) -> str:
        """One plain sentence with the numbers, fit for a model and for a person."""
        return self.stated().sentence

    def stated(self) -> Stated:
        """The same in words."""
        value, bound = _texts(self)
        what = f"modelled {self.what}" if self.modelled else self.what
        limit = f"{self.comparison} {bound}"
        if self.value is None:
            sentence = f"The {what} is unknown, and what cannot be checked is denied."
        else:
            suffix = _SUFFIX.get(self.unit, "")
            end = f"; {self.hint}." if self.hint and not self.passed else "."
            words = f"{_WORDS[self.comparison]} {bound}{suffix}{end}"
            sentence = f"The {what} is {value}{suffix}, {words}"
        return Stated(self.code, self.passed, value, limit, sentence, self.unit, self.modelled)


class Stated(NamedTuple):
    """What a rule found that is no comparison of two numbers."""

    code: str
    passed: bool
    measured: str
    """What was found, in a few words."""
    limit: str
    """What was expected."""
    sentence: str
    unit: str = ""
    modelled: bool = False


Finding = Measured | Stated
"""What one rule found; both kinds read alike."""


def finding_fields(finding: Finding) -> dict[str, Any]:
    """A finding as words, JSON-able."""
    return (finding.stated() if isinstance(finding, Measured) else finding)._asdict()


def shown(value: Decimal, digits: int = 6) -> str:
    """`value` rounded to `digits` significant digits, without exponent."""
    return plain(Decimal(f"{value:.{digits}g}"))


def holds(value: Decimal, comparison: Comparison, bound: Decimal) -> bool:
    """Whether the comparison is true; NaN makes none true."""
    if comparison == "<=":
        return value <= bound
    if comparison == ">=":
        return value >= bound
    return value < bound if comparison == "<" else value > bound


def _texts(finding: Measured) -> tuple[str, str]:
    """Value and bound, rounded unless that would hide on which side of the bound the value is."""
    value, bound = finding.value, finding.bound
    if value is None:
        return ABSENT, shown(bound)
    true = holds(value, finding.comparison, bound)
    for digits in _DIGITS:
        texts = shown(value, digits), shown(bound, digits)
        if holds(Decimal(texts[0]), finding.comparison, Decimal(texts[1])) == true:
            return texts
    return plain(value), plain(bound)
