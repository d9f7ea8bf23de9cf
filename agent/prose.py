"""Numbers in a thesis: is each one something that the model was shown?

A thesis is not traded on, so its numbers need no equation: each has to be, as far as it is written
out, a number of the plan or of its equations, or one that stood in the situation or in a tool
result. Left alone are names and dates (`EMA20`, `4h`, `2026-01-28`), whole numbers up to 100
(counts, periods, round percentages), and multiples (`1.5 ATR`, `2R`, `3x`), which are reckoned and
not read. A percentage may also be the distance of a number of the plan from one shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property

from domain.numbers import BPS, ONE

HARMLESS_WHOLE = 100
"""Whole numbers up to here are counts, periods and round percentages."""

_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?|\b\d{1,2}:\d\d(?::\d\d)?\b")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_#.])"  # ema_20, ohlcv#1, H4 are names
    r"(?P<number>[0-9]{1,3}(?:[,' \u2009\u202f][0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    r"(?:-(?:bar|period|candle|day|hour|minute)s?\b)?"
    r"(?:\s?(?P<unit>%|percent\b|bps\b|basis points?\b|[kKmM]\b|x\b|×|R\b|ATRs?\b|times\b|σ)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*))?"
)
_PERCENT = {"%", "percent"}
_BPS = {"bps", "basis point", "basis points"}
_SCALES = {"k": Decimal(1000), "m": Decimal(1_000_000)}
_SHOWN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class Shown:
    """The numbers of some texts, to be asked for one at a time."""

    def __init__(self, texts: Sequence[str], beside: Iterable[Decimal]) -> None:
        """Nothing is read before it is asked for.

        Args:
            texts: What the model was shown.
            beside: Numbers of the plan and of its equations.
        """
        self._texts = texts
        self.beside = sorted({abs(number) for number in beside})

    @cached_property
    def numbers(self) -> list[Decimal]:
        """All of them without their signs, in order."""
        found = {text for one in self._texts for text in _SHOWN.findall(one)}
        return sorted({abs(Decimal(text)) for text in found})

    def has(self, value: Decimal, half: Decimal) -> bool:
        """Whether one of them is within `half` of a value."""
        return _within(self.beside, value, half) or _within(self.numbers, value, half)

    def is_distance(self, fraction: Decimal, half: Decimal) -> bool:
        """Whether a number of the plan lies this fraction from another one, or from one shown."""
        return any(
            self.has(one * way, one * half)
            for one in self.beside
            for way in (ONE + fraction, ONE - fraction, ONE / (ONE + fraction), _back(fraction))
        )


def strange_numbers(thesis: str, shown: Shown) -> list[Decimal]:
    """The numbers of a thesis that were nowhere shown, each once, as they are written."""
    strange = (number for number, known in _judged(_DATE.sub(" ", thesis), shown) if not known)
    return list(dict.fromkeys(strange))


def _judged(text: str, shown: Shown) -> Iterator[tuple[Decimal, bool]]:
    for found in _NUMBER.finditer(text):
        if found["name"]:  # 4h, 20MA, 1st
            continue
        digits = re.sub(r"[^0-9.]", "", found["number"])
        number = Decimal(digits)
        if number == number.to_integral_value() and number <= HARMLESS_WHOLE:
            continue
        half = Decimal(5).scaleb(-1 - len(digits.partition(".")[2]))
        yield number, _stands(number, half, (found["unit"] or "").lower(), shown)


def _stands(number: Decimal, half: Decimal, unit: str, shown: Shown) -> bool:
    if unit in _SCALES:
        return shown.has(number * _SCALES[unit], half * _SCALES[unit])
    if shown.has(number, half):
        return True
    if unit in _PERCENT or unit in _BPS:
        part = BPS if unit in _BPS else Decimal(100)
        return shown.has(number / part, half / part) or shown.is_distance(
            number / part, half / part
        )
    return bool(unit)  # a multiple


def _back(fraction: Decimal) -> Decimal:
    """From what lies this fraction below to what it lies below of; nothing lies a whole below."""
    return ONE / (ONE - fraction) if fraction < ONE else ONE


def _within(numbers: Sequence[Decimal], value: Decimal, half: Decimal) -> bool:
    place = bisect_left(numbers, value - half)
    return place < len(numbers) and numbers[place] <= value + half
