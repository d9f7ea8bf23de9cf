"""The one database, opened once, written in explicit transactions.

A SQLite file, or a PostgreSQL server where several machines share one; what differs between them is
in `traces.sqlite_file` and `traces.postgres_server`, and nowhere else.

Write transactions are short and never nested, and one at a time: whoever writes sees what all
before it wrote, and nobody's update is lost. Threads of one process take turns; a second `begin()`
inside one in the same thread would wait for itself, and raises at once instead.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import DatabaseError, IntegrityError

from domain.errors import StateError
from traces.place import Place, Server
from traces.schema import INDEXED_SINCE, SCHEMA_VERSION, bring_to_head
from traces.sqlite_file import SqliteFile

BUSY_TIMEOUT_MS = 5000
"""A writer waits this long for its turn."""


class Backend(Protocol):
    """What differs from one kind of database to another."""

    name: str
    """For a person, quoted; without a password."""
    home: Path
    """The state folder."""
    setting: str
    """The environment variable that names the place."""
    engines: tuple[Engine, ...]

    def writing(self, *, durable: bool) -> Connection:
        """A connection for a write transaction."""

    def begun(self, connection: Connection, *, durable: bool) -> None:
        """The transaction has begun: take the turn."""

    def reading(self) -> Connection:
        """A connection that sees one moment."""

    def version(self, connection: Connection) -> int:
        """The schema's version, 0 for none; refuses what is not ours."""

    def check(self, connection: Connection) -> None:
        """Refuse what is damaged."""

    def upgraded(self, connection: Connection) -> None:
        """The schema was made or upgraded, in this transaction."""

    def vacuum(self) -> None:
        """Give back the room of deleted rows."""

    def complaint(self, error: DatabaseError) -> str:
        """What a person is told."""


class Database:
    """An open database."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.home = backend.home
        """The state folder; what belongs to this machine lies there."""
        # Also when it is forgotten: an open connection must not wait for the garbage collector.
        self._dispose = weakref.finalize(self, _dispose, *backend.engines)
        self._turn = threading.Lock()
        self._writer: int | None = None

    @classmethod
    def open(
        cls, place: Place, metadata: MetaData, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS
    ) -> Database:
        """Open the database, making it where it lacks; an older one is upgraded.

        Raises:
            StateError: it is not ours, damaged, locked, read-only or of a newer plangate.
            ConfigError: the server's address is of no use.
        """
        database = cls(_backend(place, busy_timeout_ms))
        try:
            database._prepare(metadata)
        except StateError:
            database.close()
            raise
        return database

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any error.

        Args:
            durable: Outlives a power cut; without, the last ones may be lost and cost less.

        Raises:
            StateError: the database is locked by another process, full or read-only.
        """
        me = threading.get_ident()
        if self._writer == me:
            raise RuntimeError("begin() inside begin(): a write transaction cannot be nested")
        with self._turn, self._explained():
            self._writer = me
            try:
                with self._backend.writing(durable=durable) as connection, connection.begin():
                    self._backend.begun(connection, durable=durable)
                    yield connection
            finally:
                self._writer = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading what is committed; may be nested, also inside `begin`.

        Raises:
            StateError: the database is damaged or cannot be read.
        """
        with self._explained(), self._backend.reading() as connection:
            yield connection

    def vacuum(self) -> None:
        """Give back the room of deleted rows.

        Raises:
            StateError: somebody else writes, or the disk is full.
        """
        with self._turn, self._explained():
            self._backend.vacuum()

    def close(self) -> None:
        """Let go of it; may be called twice."""
        self._dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A broken constraint is the caller's to handle; anything else is about the database."""
        try:
            yield
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise StateError(self._backend.complaint(error)) from error

    def _prepare(self, metadata: MetaData) -> None:
        """Up to date, it is only read: a reader needs no turn to open what another one writes."""
        with self.read() as connection:
            version = self._known_version(connection)
            if version:
                self._backend.check(connection)
        if version < SCHEMA_VERSION:
            with self.begin() as connection:
                # Another process may have been faster.
                version = self._known_version(connection)
                if version < SCHEMA_VERSION:
                    bring_to_head(connection, metadata, version)
                    if version < INDEXED_SINCE:
                        _index_words(connection)
                    self._backend.upgraded(connection)

    def _known_version(self, connection: Connection) -> int:
        version = self._backend.version(connection)
        if version > SCHEMA_VERSION:
            raise StateError(
                f"database {self._backend.name} was made by a newer plangate (schema {version}, "
                f"this one knows {SCHEMA_VERSION}): upgrade plangate or name another "
                f"{self._backend.setting}"
            )
        return version


def _backend(place: Place, busy_timeout_ms: int) -> Backend:
    if not isinstance(place, Server):
        return SqliteFile(place, busy_timeout_ms)
    from traces.postgres_server import PostgresServer

    return PostgresServer(place, busy_timeout_ms)


def _index_words(connection: Connection) -> None:
    from traces.words import rebuild

    rebuild(connection)


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()
