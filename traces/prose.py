"""What is prose in an event: sentences of which somebody may remember a word.

The model's reasons, what it was denied or refused for, what was wrong with data or an answer, news
it was shown. Events are read as documents, without their types, since a search must start at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Read = Callable[[str], str | None]
"""The text of a hash; None where it is not there any more."""

WORD = re.compile(r"[^\W\d_]+")
"""Letters only: numbers would make up most of an index, and are found by other means."""
SHORTEST, LONGEST = 2, 40
"""Letters of a word that is kept; what is longer is an encoding."""

_FIELDS = {
    "attended": ("sentence",),
    "snapshot_taken": ("quality", "sit_out"),
    "model_failed": ("error", "message"),
    "tool_answered": ("refusal",),
    "answer_parsed": ("complaint", "body"),
    "vote_cast": ("complaint", "body"),
    "votes_counted": ("sentence",),
    "order_changed": ("reason",),
    "plan_invalidated": ("condition",),
    "state_edited": ("before", "after"),
    "run_ended": ("reason",),
}
_MESSAGES = {"model_answered", "revised"}
_TOLD_BY = {"news"}
"""Tools whose answers are prose; those of the others are numbers."""

AFTER_THE_END = frozenset({"order_changed", "plan_invalidated", "state_edited"})
"""Kinds with prose that may be recorded when the run has ended."""


def words_of(text: str) -> list[str]:
    """The words of a text in order, in small letters."""
    return [word.casefold() for word in WORD.findall(text) if SHORTEST <= len(word) <= LONGEST]


def prose_of(kind: str, body: str, read: Read) -> list[str]:
    """The prose of an event in reading order; none where somebody spoilt it: `verify` tells of it.

    Args:
        kind: Of the event.
        body: The event as JSON.
        read: For texts that it names.
    """
    try:
        return list(_prose(kind, json.loads(body), read))
    except (ValueError, RecursionError, AttributeError, TypeError):
        return []


def _prose(kind: str, body: dict[str, Any], read: Read) -> Iterator[str]:
    for field in _FIELDS.get(kind, ()):
        yield from _texts(body.get(field))
    if kind == "reviewed":
        yield from (
            f"{finding.get('code')}: {finding.get('sentence')}"
            for finding in body.get("findings", ())
            if not finding.get("passed")
        )
    elif kind in _MESSAGES:
        yield from _sentences(_loaded(read(str(body.get("message")))).get("content"))
    elif kind == "tool_answered" and body.get("name") in _TOLD_BY:
        yield from _sentences(_loaded(read(str(body.get("content")))))


def _texts(value: Any) -> Iterator[str]:
    """A field that is prose, or a plan of which some fields are."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield from _sentences(value)


def _sentences(value: Any) -> Iterator[str]:
    """Every text of several words, however deep."""
    if isinstance(value, str):
        if " " in value:
            yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _sentences(each)


def _loaded(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {"content": text}
    return found if isinstance(found, dict) else {"content": found}
