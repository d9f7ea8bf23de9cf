"""What is being recorded, by whichever process: the newest events, and each one that follows.

Reading goes by the key of the table, so that a look costs the same however much there is. Keys are
given in the order of committing: writers take turns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, select

from traces.database import Database
from traces.events import EVENT, FOR_REPLAY_ONLY, Event
from traces.tables import TraceEvent

_TABLE = TraceEvent.__table__  # type: ignore[attr-defined]  # SQLModel adds it at run time


class Seen(NamedTuple):
    """One event as it was recorded."""

    id: int
    session: str
    run_id: str
    at_ms: int
    node: str
    event: Event


def newest(database: Database, count: int, session: str | None = None) -> list[Seen]:
    """The last events, oldest first."""
    return _read(database, _of(session).order_by(_TABLE.c.id.desc()).limit(count))[::-1]


def after(database: Database, last: int, session: str | None = None) -> list[Seen]:
    """What was recorded after the event of key `last`, at most a thousand of it."""
    mine = _of(session).where(_TABLE.c.id > last)
    return _read(database, mine.order_by(_TABLE.c.id).limit(1000))


def last_key(database: Database) -> int:
    """The key of the newest event; 0 when there is none."""
    with database.read() as connection:
        statement = select(_TABLE.c.id).order_by(_TABLE.c.id.desc()).limit(1)
        return connection.execute(statement).scalar_one_or_none() or 0


def _of(session: str | None) -> Select[Any]:
    names = ("id", "session", "run_id", "at_ms", "node", "body")
    every = select(*(_TABLE.c[name] for name in names)).where(_TABLE.c.kind.not_in(FOR_REPLAY_ONLY))
    return every if session is None else every.where(_TABLE.c.session == session)


def _read(database: Database, statement: Select[Any]) -> list[Seen]:
    with database.read() as connection:
        rows = list(connection.execute(statement))
    return [
        Seen(row.id, row.session, row.run_id, row.at_ms, row.node, EVENT.validate_json(row.body))
        for row in rows
    ]
