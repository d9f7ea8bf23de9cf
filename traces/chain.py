"""Every event's hash covers the one before it in its run, so that nothing recorded changes unseen.

The last hash of each run is kept beside, with how many events there are: the end cannot go missing
either. It moves on in the transaction that appends, and those take turns: whichever process writes
goes on where the one before it stopped. What is proven is that nobody changed a trace without
chaining it anew; against that, keep a head elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, select

from domain.strict_json import content_hash
from traces.bodies import kept
from traces.bulk import add_rows
from traces.packing import Packer
from traces.tables import METADATA
from traces.upsert import put

REMEMBERED_RUNS = 64
"""Of so many runs the end is known without reading it."""

_EVENTS = METADATA.tables["trace_event"]
_COLUMNS = ("session", "run_id", "at_ms", "node", "kind", "body", "hash")
_CHAINS = METADATA.tables["trace_chain"]
_HEAD = select(
    _CHAINS.c.head,
    _CHAINS.c.events_count,
    _CHAINS.c.late_count,
    _CHAINS.c.pruned_count,
    _CHAINS.c.pruned_head,
).where(_CHAINS.c.session == bindparam("session"), _CHAINS.c.run_id == bindparam("run_id"))
_MOVE = (
    "UPDATE trace_chain SET head = {0}, events_count = {0} "
    "WHERE session = {0} AND run_id = {0} AND head = {0} AND events_count = {0}"
)
"""Of a run's end that is as remembered: nobody else has appended."""

Run: TypeAlias = tuple[str, str]
"""Session and run id."""


class Head(NamedTuple):
    """Where a run's chain ends."""

    head: str = ""
    events_count: int = 0
    late_count: int = 0
    """So many of the first were chained by an upgrade, after they had been recorded."""
    pruned_count: int = 0
    """So many of the first were pruned."""
    pruned_head: str = ""
    """What those that are left follow on."""


def link(before: str, event: Mapping[str, Any]) -> str:
    """The hash of an event that follows on the one of hash `before`; empty for the first."""
    return content_hash([before, *(event[name] for name in _COLUMNS[:-1])])


def head_of(connection: Connection, run: Run) -> Head | None:
    """Where a run's chain ends; None where nothing of it is kept."""
    session, run_id = run
    found = connection.execute(_HEAD, {"session": session, "run_id": run_id}).one_or_none()
    return None if found is None else Head(*found)


class Chain:
    """Appends events, each chained to the one before it in its run."""

    def __init__(self) -> None:
        self._ends: dict[Run, Head] = {}
        self._packer = Packer()

    def append(self, connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
        """Append in this order, inside the caller's write transaction; it may fail and be repeated.

        An end that is remembered from a transaction that failed matches no row, and is read anew.
        """
        places: dict[Run, list[int]] = {}
        for place, event in enumerate(events):
            places.setdefault((event["session"], event["run_id"]), []).append(place)
        hashes = [""] * len(events)
        for run, own in places.items():
            made = self._chained(connection, run, [events[place] for place in own])
            for place, hash_ in zip(own, made, strict=True):
                hashes[place] = hash_
        on_file = connection.dialect.name == "sqlite"
        rows = [
            (
                *(event[name] for name in _COLUMNS[:-2]),
                kept(event["body"], self._packer) if on_file else event["body"],
                hash_,
            )
            for event, hash_ in zip(events, hashes, strict=True)
        ]
        add_rows(connection, _EVENTS, rows, _COLUMNS)

    def _chained(
        self, connection: Connection, run: Run, events: Sequence[Mapping[str, Any]]
    ) -> list[str]:
        """The hashes of a run's next events; its end has moved on to the last of them."""
        last = self._ends.pop(run, None)
        if last is not None:
            hashes, end = _follow(last, events)
            if _moved(connection, run, last, end):
                self._remember(run, end)
                return hashes
        hashes, end = _follow(head_of(connection, run) or Head(), events)
        session, run_id = run
        put(connection, _CHAINS, {"session": session, "run_id": run_id, **end._asdict()})
        self._remember(run, end)
        return hashes

    def _remember(self, run: Run, end: Head) -> None:
        self._ends[run] = end
        if len(self._ends) > REMEMBERED_RUNS:
            del self._ends[next(iter(self._ends))]


def _follow(last: Head, events: Sequence[Mapping[str, Any]]) -> tuple[list[str], Head]:
    hashes = []
    before = last.head
    for event in events:
        before = link(before, event)
        hashes.append(before)
    end = last._replace(head=before, events_count=last.events_count + len(events))
    return hashes, end


def _moved(connection: Connection, run: Run, last: Head, end: Head) -> bool:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    values = (end.head, end.events_count, *run, last.head, last.events_count)
    return connection.exec_driver_sql(_MOVE.format(mark), values).rowcount == 1
