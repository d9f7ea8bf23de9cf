"""A small language in which a plan says where a number comes from, so that code can recompute it.

::

    41213.5 = ohlcv#1 low_20                          lowest low of the newest 20 candles
    41180.2 = ohlcv#1 low_20 - 0.1 * indicators#2 atr_14
    42871 = 2 * ohlcv#1 high_20[3] - ohlcv#1 low_20[3]    of the 20 candles that ended 3 ago
    41500 = 1h ema_50

Left a number as the plan says it, right sums and products of named values. A name is a source (a
tool result, a timeframe, `now` ...) and what to read there. A number on the right can only multiply
a value, in few digits: a level cannot be made out of nothing. Parsed strictly, computed in
`Decimal`; nothing in it can act.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from domain.numbers import ONE, ZERO

LONGEST = 160
"""Characters of an equation."""
FACTOR_DIGITS = 4
"""Significant digits of a number that multiplies: enough for 1.025, too few to say a price."""

FORM = (
    "'NUMBER = VALUE', where VALUE is made of SOURCE NAME (ohlcv#1 low_20, 1h ema_50, now price), "
    "+, -, * and factors of at most 4 digits, such as '41180.2 = ohlcv#1 low_20 - 0.1 * 1h atr_14'"
)

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,24})?")
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,64}(?:#[0-9]{1,4})?")
_NAME = re.compile(r"(?P<path>[A-Za-z0-9_./:%-]{1,64})(?:\[(?P<ago>[0-9]{1,3})\])?")
_SIGNS = ("+", "-", "*", "=")


class Place(NamedTuple):
    """One value by name."""

    source: str
    """`ohlcv#1`, `1h`, `now` ..."""
    path: str
    """What to read there: `low_20`, `ema_50`, `depth_base.20.bids`."""
    ago: int
    """How many candles before the newest; 0 is the newest."""

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.source} {self.path}" + (f"[{self.ago}]" if self.ago else "")


class Known(NamedTuple):
    """A value and how far off it may have been shown."""

    value: Decimal
    error: Decimal = ZERO
    """Not negative: half a unit of the last digit that was shown."""


@dataclass(frozen=True, slots=True)
class Product:
    """Factors and values multiplied."""

    factor: Decimal
    """Its bare number, 1 where it has none, and its sign."""
    values: tuple[Place | tuple[Product, ...], ...]
    """At least one; a tuple is a sum in brackets."""


@dataclass(frozen=True, slots=True)
class Equation:
    """One sentence of the language, read."""

    text: str
    number: Decimal
    """What the plan says."""
    terms: tuple[Product, ...]
    """Summed up, what it says that it is."""

    @property
    def source(self) -> str:
        """The right side as it was written."""
        return self.text.partition("=")[2].strip()

    def recomputed(self, look: Callable[[Place], Known]) -> Known:
        """The right side from the sources. Raises what `look` raises."""
        return _sum(self.terms, look)


def read_equation(text: str) -> Equation:
    """Read one sentence.

    Raises:
        ValueError: it is none, with what was expected.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{text[:LONGEST]!r}… is longer than {LONGEST} characters")
    tokens = _TOKEN.findall(text)
    if len(tokens) < 3 or tokens[1] != "=" or not _NUMBER.fullmatch(tokens[0]):
        raise ValueError(f"{text!r} does not say where a number comes from; expected {FORM}")
    reader = _Reader(tokens[2:], text)
    terms = reader.terms()
    if reader.left:
        raise reader.complaint(f"ends before {reader.left[0]!r}")
    return Equation(" ".join(text.split()), Decimal(tokens[0]), terms)


class _Reader:
    """Recursive descent over the tokens; as deep as there are brackets, so within `LONGEST`."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.left = tokens
        self._text = text

    def terms(self) -> tuple[Product, ...]:
        found = [self._product(ONE)]
        while self.left and self.left[0] in {"+", "-"}:
            found.append(self._product(ONE if self.left.pop(0) == "+" else -ONE))
        return tuple(found)

    def complaint(self, what: str) -> ValueError:
        return ValueError(f"{self._text!r} {what}; expected {FORM}")

    def _product(self, sign: Decimal) -> Product:
        parts = [self._part()]
        while self.left and self.left[0] == "*":
            self.left.pop(0)
            parts.append(self._part())
        numbers = [part for part in parts if isinstance(part, Decimal)]
        values = tuple(part for part in parts if not isinstance(part, Decimal))
        if len(numbers) > 1 or not values:
            raise self.complaint("has a number that does not multiply one value")
        return Product(sign * numbers[0] if numbers else sign, values)

    def _part(self) -> Decimal | Place | tuple[Product, ...]:
        word = self.left.pop(0) if self.left else ""
        if word == "(":
            inside = self.terms()
            if not self.left or self.left.pop(0) != ")":
                raise self.complaint("has a bracket that is not closed")
            return inside
        if _NUMBER.fullmatch(word):
            return self._factor(Decimal(word))
        name = _NAME.fullmatch(self.left[0]) if self.left else None
        if word in _SIGNS or name is None or not _SOURCE.fullmatch(word):
            raise self.complaint(f"has no value at {word or 'its end'!r}")
        if self.left[0] in _SIGNS:
            raise self.complaint(f"does not say what to read in {word!r}")
        self.left.pop(0)
        return Place(word, name["path"], int(name["ago"] or 0))

    def _factor(self, number: Decimal) -> Decimal:
        if len(number.normalize().as_tuple().digits) > FACTOR_DIGITS:
            raise self.complaint(f"multiplies by {number}, more than {FACTOR_DIGITS} digits")
        return number


def _sum(terms: tuple[Product, ...], look: Callable[[Place], Known]) -> Known:
    found = [_product(term, look) for term in terms]
    return Known(
        sum((one.value for one in found), ZERO),
        sum((one.error for one in found), ZERO),
    )


def _product(product: Product, look: Callable[[Place], Known]) -> Known:
    value, error = product.factor, ZERO
    for part in product.values:
        one = look(part) if isinstance(part, Place) else _sum(part, look)
        error = abs(value) * one.error + abs(one.value) * error + error * one.error
        value *= one.value
    return Known(value, error)
