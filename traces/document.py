"""A decision as a program reads it: every event, and every text that one names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.clock import iso
from traces.store import Recorded
from traces.visits import visits

ReadBlob = Callable[[str], str]


def document(recorded: Sequence[Recorded], read_blob: ReadBlob) -> dict[str, Any]:
    """The decision for a program: every event, and every text that an event names."""
    texts: dict[str, str] = {}
    rows = []
    for item in recorded:
        body = item.event.model_dump(mode="json")
        for _, name in item.event.texts():
            texts.setdefault(name, read_blob(name))
        rows.append({"at": iso(item.at), "node": item.node, **body})
    nodes = [visit.document() for visit in visits(recorded)]
    return {"schema": "plangate.trace/1", "nodes": nodes, "events": rows, "texts": texts}
