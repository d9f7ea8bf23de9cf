"""What reached a decision, as its trace says, and where two decisions parted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from traces import events as ev
from traces.blobs import ReadBlob
from traces.opinion_events import VoteCast
from traces.step_events import BranchTaken, StateEdited
from traces.store import Recorded

SHOWN_COUNT = 6
"""Data that are named; one leak may show in dozens."""
SHOWN_CHARACTERS = 60


class Item(NamedTuple):
    """One thing that reached a decision."""

    what: str
    """`snapshot`, `prompt`, `tool ohlcv#1` or `case`."""
    texts: tuple[str, ...]
    """Content hashes of the texts that it is made of."""


class Difference(NamedTuple):
    """The first thing that reached a decision otherwise."""

    run_id: str
    what: str
    data: tuple[str, ...]
    """Where it differs, each with what the session saw and what it would have seen."""


def seen_of(recorded: Sequence[Recorded]) -> tuple[Item, ...]:
    """Everything that reached a decision, in order; of one that was begun anew, the last time."""
    started = [n for n, item in enumerate(recorded) if isinstance(item.event, ev.RunStarted)]
    last = recorded[started[-1] :] if started else []
    return tuple(filter(None, (_item(one.event) for one in last)))


def edits_count(recorded: Sequence[Recorded]) -> int:
    """How often a person changed the state."""
    return sum(isinstance(item.event, StateEdited | BranchTaken) for item in recorded)


def first_difference(
    run_id: str, before: Sequence[Item], after: Sequence[Item], read: ReadBlob, again: ReadBlob
) -> Difference | None:
    """Where two livings of one decision parted; None where they are the same.

    Args:
        run_id: The decision.
        before: What reached it in the session.
        after: What reached it when it was lived again.
        read: Texts of the session by hash.
        again: Texts of the other living.
    """
    for one, other in zip_longest(before, after):
        if one == other:
            continue
        if one is None or other is None:
            what = (one or other).what
            return Difference(run_id, what, (f"{what}: only in one of the two",))
        texts = zip_longest(map(read, one.texts), map(again, other.texts), fillvalue='"nothing"')
        # A policy that is read again writes 0.40 as 0.4: another hash, and no other value.
        found = [words for old, new in texts if old != new for words in _parted(old, new)]
        if found:
            return Difference(run_id, one.what, tuple(found[:SHOWN_COUNT]))
    return None


def _item(event: ev.Event) -> Item | None:
    match event:
        case ev.SnapshotTaken():
            return Item("snapshot", (event.snapshot,))
        case ev.PromptSent():
            return Item("prompt", tuple(event.messages))
        case VoteCast():
            return Item(f"question to {event.voter}", tuple(event.messages))
        case ev.ToolAnswered():
            return Item(f"tool {event.result_id}", (event.content,))
        case ev.Reviewed(stage="review", case=str(case)):
            return Item("case", (case,))
        case _:
            return None


def _parted(old: str, new: str) -> list[str]:
    """Per leaf of two JSON documents, or line of two texts, that differs: its name and both."""
    try:
        pairs = list(_leaves(json.loads(old), json.loads(new), ""))
    except ValueError:
        pairs = [("text", old, new)]
    return [f"{name}: {_cut(was)}, would be {_cut(now)}" for name, was, now in pairs]


def _leaves(old: Any, new: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    match old, new:
        case dict(), dict():
            for key in dict.fromkeys([*old, *new]):
                yield from _leaves(old.get(key), new.get(key), f"{name}.{key}" if name else key)
        case list(), list():
            for number, (one, other) in enumerate(zip_longest(old, new)):
                yield from _leaves(one, other, f"{name}[{number}]")
        case str(), str():
            lines = zip_longest(old.split("\n"), new.split("\n"), fillvalue="")
            yield from ((name, one, other) for one, other in lines if one != other)
        case _ if old != new:
            yield name, old, new


def _cut(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
