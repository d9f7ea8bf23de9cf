"""A decision as a program reads it: every event, and every text that one names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.clock import iso
from traces import events as ev
from traces.opinion_events import VoteCast
from traces.prompt_events import ChartDrawn
from traces.store import Recorded

ReadBlob = Callable[[str], str]


def document(recorded: Sequence[Recorded], read_blob: ReadBlob) -> dict[str, Any]:
    """The decision for a program: every event, and every text that an event names."""
    texts: dict[str, str] = {}
    rows = []
    for item in recorded:
        body = item.event.model_dump(mode="json")
        for name in _blobs_of(item.event):
            texts.setdefault(name, read_blob(name))
        rows.append({"at": iso(item.at), "node": item.node, **body})
    return {"schema": "plangate.trace/1", "events": rows, "texts": texts}


def _blobs_of(event: ev.Event) -> list[str]:
    match event:
        case ev.PromptSent():
            return [*event.messages, event.tools]
        case VoteCast():
            return [*event.messages, event.tools, *([event.message] if event.message else [])]
        case ChartDrawn():
            return [event.picture]
        case ev.SnapshotTaken():
            return [event.snapshot]
        case ev.ModelAnswered() | ev.Revised():
            return [event.message]
        case ev.ToolAnswered():
            return [event.content]
        case ev.Reviewed(case=str(case)):
            return [case]
        case _:
            return []
