"""The same question put a little otherwise: what a firm answer does not depend on.

Three harmless changes, each drawn from a seed so that a replay asks the same: the order in which
the evidence is laid out, the last digits of its numbers, and which of the two sides is named first.
Dates, whole numbers, names and ids stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Literal, TypeVar

from langchain_core.messages import BaseMessage

Kind = Literal["order", "rounding", "mirror"]
KINDS: tuple[Kind, ...] = ("order", "rounding", "mirror")
"""In the order in which they are used."""
KEPT_DIGITS = 5
"""Significant digits that rounding leaves: half a basis point at the most."""

_T = TypeVar("_T", bound=BaseMessage)
_P = TypeVar("_P")
_FRACTIONAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
_PAIR = re.compile(r"(Long: [^.\n]*\.) (Short: [^.\n]*\.)")


def reordered(pieces: Sequence[_P], random: Random) -> list[_P]:
    """The same pieces of evidence, laid out otherwise."""
    return random.sample(list(pieces), len(pieces))


def rounded(text: str) -> str:
    """Numbers with a point to `KEPT_DIGITS` significant digits."""
    return _FRACTIONAL.sub(lambda found: _short(found[0]), text)


def mirrored(text: str) -> str:
    """The short side named before the long one."""
    return _PAIR.sub(r"\2 \1", text.replace("long or short", "short or long"))


def shuffled_sections(text: str, random: Random) -> str:
    """What stands under the headings, under the same headings in another order; the top stays."""
    top, *sections = re.split(r"(?m)^(?=## )", text)
    ended = [section.rstrip("\n") for section in sections]
    return top + "\n\n".join(random.sample(ended, len(ended))) + ("\n" if ended else "")


def reworded(message: _T, change: Callable[[str], str]) -> _T:
    """The message with its texts changed; images and whatever else it holds stay."""
    content = message.content
    if isinstance(content, str):
        return message.model_copy(update={"content": change(content)})
    parts = [
        {**part, "text": change(part["text"])}
        if isinstance(part, dict) and isinstance(part.get("text"), str)
        else part
        for part in content
    ]
    return message.model_copy(update={"content": parts})


def _short(number: str) -> str:
    value = Decimal(number)
    if not value:
        return number
    exponent = value.adjusted() - KEPT_DIGITS + 1
    if len(number) - number.index(".") - 1 <= -exponent:
        return number
    return format(value.quantize(Decimal(1).scaleb(exponent)), "f")
