"""Arithmetic of stretches of time: what was asked about, and what of a question is still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """Milliseconds since 1970, the end excluded."""

    start: int
    end: int


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in as few stretches as possible, oldest first; empty ones are dropped."""
    found: list[Stretch] = []
    for one in sorted(s for s in stretches if s.start < s.end):
        if found and one.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def without(asked: Stretch, known: Sequence[Stretch]) -> list[Stretch]:
    """What of `asked` lies in none of `known`, which is joined; oldest first."""
    found, at = [], asked.start
    for one in known:
        if one.end <= at or one.start >= asked.end:
            continue
        if one.start > at:
            found.append(Stretch(at, one.start))
        at = one.end
    if at < asked.end:
        found.append(Stretch(at, asked.end))
    return found
