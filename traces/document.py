"""A decision as a program reads it: every event, and every text that one names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.clock import iso
from traces.blobs import ReadBlob
from traces.visits import Visit


def document(visits: Sequence[Visit], read_blob: ReadBlob) -> dict[str, Any]:
    """The decision, or some visits of it, for a program."""
    texts: dict[str, str] = {}
    rows = []
    for item in (item for visit in visits for item in visit.recorded):
        body = item.event.model_dump(mode="json")
        for _, name in item.event.texts():
            texts.setdefault(name, read_blob(name))
        rows.append({"at": iso(item.at), "node": item.node, **body})
    nodes = [visit.document() for visit in visits]
    return {"schema": "plangate.trace/1", "nodes": nodes, "events": rows, "texts": texts}
