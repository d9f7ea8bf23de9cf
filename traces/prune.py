"""Takes old runs out of the traces: events, places in the list, texts that nothing names any more.

The journal is not touched. Of each run stays where its chain ends and how much was pruned, so that
what is left, and what is still appended, verifies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, func, select, update

from traces.chain import Run, head_of
from traces.database import Database
from traces.tables import METADATA

_EVENTS = METADATA.tables["trace_event"]
_RUNS = METADATA.tables["trace_run"]
_CHAINS = METADATA.tables["trace_chain"]
_PROSE = METADATA.tables["trace_prose"]
_BLOBS = METADATA.tables["trace_blob"]
_NAME = re.compile(r'"([0-9a-f]{32})"')
"""Whatever looks like the hash of a text counts as naming it: rather one too many is kept."""
_AT_ONCE = 500
"""So many keys in one statement."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """What goes."""

    runs: tuple[Run, ...]
    events_count: int
    texts: tuple[str, ...]
    text_bytes: int
    """As stored."""


def doomed(connection: Connection, before_ms: int, *, keep_plans: bool) -> Doomed:
    """What was recorded before a moment, whole runs of which nothing was recorded since.

    Args:
        connection: For reading.
        before_ms: Wall time.
        keep_plans: Runs that committed a plan or an exit stay.
    """
    run = (_EVENTS.c.session, _EVENTS.c.run_id)
    commits = func.sum(case((_EVENTS.c.kind == "plan_committed", 1), else_=0))
    last = select(*run, func.count().label("events"), commits.label("commits")).group_by(*run)
    old = [
        row
        for row in connection.execute(last.having(func.max(_EVENTS.c.at_ms) < before_ms))
        if not (keep_plans and row.commits)
    ]
    runs = tuple((row.session, row.run_id) for row in old)
    texts = _only_named_by(connection, set(runs))
    sizes = {
        row.hash: row.size
        for some in _slices(sorted(texts))
        for row in connection.execute(
            select(_BLOBS.c.hash, func.length(_BLOBS.c.data).label("size")).where(
                _BLOBS.c.hash.in_(some)
            )
        )
    }
    events_count = sum(row.events for row in old)
    return Doomed(runs, events_count, tuple(sizes), sum(sizes.values()))


def prune(database: Database, before_ms: int, *, keep_plans: bool) -> Doomed:
    """Take it out, all or nothing.

    No recorder may live meanwhile: it would count on texts that go.
    """
    with database.begin() as connection:
        gone = doomed(connection, before_ms, keep_plans=keep_plans)
        for session, run_id in gone.runs:
            for table in (_EVENTS, _RUNS, _PROSE):
                mine = (table.c.session == session) & (table.c.run_id == run_id)
                connection.execute(delete(table).where(mine))
            _mark(connection, (session, run_id))
        for some in _slices(gone.texts):
            connection.execute(delete(_BLOBS).where(_BLOBS.c.hash.in_(some)))
    return gone


def _mark(connection: Connection, run: Run) -> None:
    head = head_of(connection, run)
    if head is not None:
        mine = (_CHAINS.c.session == run[0]) & (_CHAINS.c.run_id == run[1])
        values = {"pruned_count": head.events_count, "pruned_head": head.head}
        connection.execute(update(_CHAINS).where(mine).values(values))


def _only_named_by(connection: Connection, runs: set[Run]) -> set[str]:
    """Texts that these runs name and no other run does."""
    going: set[str] = set()
    staying: set[str] = set()
    rows = connection.execute(select(_EVENTS.c.session, _EVENTS.c.run_id, _EVENTS.c.body))
    for session, run_id, body in rows:
        (going if (session, run_id) in runs else staying).update(_NAME.findall(body))
    return going - staying


def _slices(names: Iterable[str]) -> list[list[str]]:
    every = list(names)
    return [every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE)]
