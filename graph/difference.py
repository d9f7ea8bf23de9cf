"""Where a replay parts from what was recorded, said briefly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from traces.blobs import ReadBlob
from traces.events import Event

SHOWN_CHARACTERS = 160
ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that came out otherwise."""

    run_id: str
    node: str
    """`plan`, or `plan#2` for its second time."""
    where: str
    """Event and field, such as `tool_answered.content`, or what the node asked."""
    expected: str
    """As it was recorded; cut where it is long, around the first character that differs."""
    found: str


class Differs(Exception):  # no error: what was looked for
    """The replay ends here."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        super().__init__(f"{difference.node}: {difference.where}")


def parted(
    expected: Event | None, found: Event | None, recorded: ReadBlob, made: ReadBlob
) -> tuple[str, str, str] | None:
    """Where two events differ, with both; None where they do not.

    Args:
        expected: As recorded; None: there was no such event.
        found: As it came out; None: it did not.
        recorded: Texts of the trace, by hash.
        made: Texts of the replay, by hash.
    """
    if expected is None or found is None or expected.kind != found.kind:
        there = [
            ABSENT if event is None else f"event {event.kind!r}" for event in (expected, found)
        ]
        return "events", there[0], there[1]
    if expected == found:
        return None
    named = {name for _, name in [*expected.texts(), *found.texts()]}
    for path, old, new in _leaves(_json(expected), _json(found), expected.kind):
        if old in named and new in named:
            return _parted_texts(path, recorded(old), made(new))
        return path, *shown(_words(old), _words(new))
    return None


def shown(expected: str, found: str) -> tuple[str, str]:
    """Both, cut around the first character in which they differ."""
    pairs = enumerate(zip_longest(expected, found))
    first = next((n for n, (one, other) in pairs if one != other), 0)
    begin = max(0, first - SHOWN_CHARACTERS // 3)
    return _cut(expected, begin), _cut(found, begin)


def _parted_texts(path: str, old: str, new: str) -> tuple[str, str, str]:
    try:
        leaves = list(_leaves(json.loads(old), json.loads(new), path))
    except ValueError:
        leaves = []
    name, was, now = leaves[0] if leaves else (path, old, new)
    return name, *shown(_words(was), _words(now))


def _leaves(old: Any, new: Any, name: str) -> list[tuple[str, Any, Any]]:
    """Every leaf of two JSON values that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = dict.fromkeys([*old, *new])
        return [
            leaf
            for key in keys
            for leaf in _leaves(old.get(key, ABSENT), new.get(key, ABSENT), f"{name}.{key}")
        ]
    if isinstance(old, list) and isinstance(new, list):
        pairs = enumerate(zip_longest(old, new, fillvalue=ABSENT))
        return [leaf for n, pair in pairs for leaf in _leaves(*pair, f"{name}[{n}]")]
    return [] if old == new else [(name, old, new)]


def _json(event: Event) -> Any:
    return event.model_dump(mode="json")


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, begin: int) -> str:
    part = text[begin : begin + SHOWN_CHARACTERS]
    after = "…" if begin + SHOWN_CHARACTERS < len(text) else ""
    return f"{'…' if begin else ''}{part}{after}"
