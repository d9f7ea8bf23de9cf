"""Events and runs of one session in the database; one short transaction a flush."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, select

from domain.clock import from_ms
from domain.errors import StateError
from traces.blobs import Blobs
from traces.chain import Chain, head_of
from traces.database import Database
from traces.events import EVENT, Event
from traces.tables import METADATA, TraceEvent
from traces.upsert import put
from traces.words import index_events

_RUNS = METADATA.tables["trace_run"]


class Recorded(NamedTuple):
    """One event as it was recorded."""

    at: datetime
    node: str
    event: Event


class Row(NamedTuple):
    """One event byte for byte as it is stored: what its hash is of."""

    session: str
    run_id: str
    at_ms: int
    node: str
    kind: str
    body: str
    hash: str


class TraceStore:
    """Reads and writes the traces of one session."""

    def __init__(self, database: Database, session: str) -> None:
        self.session = session
        self.blobs = Blobs(database)
        self._chain = Chain()
        self._database = database

    def write(self, events: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]]) -> None:
        """Append events, put run rows, and store the texts they name, all or nothing."""
        with self._database.begin(durable=False) as connection:
            self._append(connection, events, runs)
        self.blobs.written()

    def add(self, events: Sequence[dict[str, Any]], run: dict[str, Any]) -> bool:
        """The same of one whole run; False where anything of it is there: then nothing is done."""
        with self._database.begin(durable=False) as connection:
            if head_of(connection, (run["session"], run["run_id"])) is not None:
                return False
            self._append(connection, events, [run])
        self.blobs.written()
        return True

    def _append(
        self,
        connection: Connection,
        events: Sequence[dict[str, Any]],
        runs: Sequence[dict[str, Any]],
    ) -> None:
        self.blobs.write(connection)
        if events:
            self._chain.append(connection, events)
            index_events(connection, events, partial(self.blobs.find, connection))
        for run in runs:
            put(connection, _RUNS, run)

    def events(self, run_id: str) -> list[Recorded]:
        """Every event of a run, in the order of recording."""
        return self._where(run_id=run_id)

    def rows(self, run_id: str) -> list[Row]:
        """The same as they are stored."""
        table = TraceEvent.__table__  # type: ignore[attr-defined]  # SQLModel adds it at run time
        statement = (
            select(*(table.c[name] for name in Row._fields))
            .where(table.c.session == self.session, table.c.run_id == run_id)
            .order_by(table.c.id)
        )
        with self._database.read() as connection:
            return [Row(*row) for row in connection.execute(statement)]

    def of_kind(self, kind: str) -> list[Recorded]:
        """Every event of a kind, whichever run it belongs to, in the order of recording."""
        return self._where(kind=kind)

    def of_kinds(self, *kinds: str) -> Iterator[tuple[str, Event]]:
        """Every event of these kinds with its run's id, in the order of recording."""
        table = TraceEvent.__table__  # type: ignore[attr-defined]  # as below
        statement = (
            select(table.c.run_id, table.c.body)
            .where(table.c.session == self.session, table.c.kind.in_(kinds))
            .order_by(table.c.id)
        )
        with self._database.read() as connection:
            for row in connection.execute(statement):
                yield row.run_id, _event(row.body)

    def _where(self, **values: str) -> list[Recorded]:
        table = TraceEvent.__table__  # type: ignore[attr-defined]  # SQLModel adds it at run time
        statement = (
            select(table.c.at_ms, table.c.node, table.c.body)
            .where(table.c.session == self.session)
            .where(*(table.c[name] == value for name, value in values.items()))
            .order_by(table.c.id)
        )
        with self._database.read() as connection:
            return [
                Recorded(from_ms(row.at_ms), row.node, _event(row.body))
                for row in connection.execute(statement)
            ]


def _event(body: str) -> Event:
    try:
        return EVENT.validate_json(body)
    except ValidationError as error:
        told = error.errors(include_url=False)[0]["msg"]
        raise StateError(
            f"an event is not as it was recorded: {told}; see: plangate traces verify"
        ) from error
