"""The one database: a SQLite file in WAL mode, opened once, written in explicit transactions.

SQLAlchemy's default transactions on SQLite begin late and lose updates under concurrency, so every
write begins with `BEGIN IMMEDIATE`. The journal's transactions are durable through a power cut
(`synchronous=FULL`); the traces' may lose their last ones (`NORMAL`) and cost a tenth.

Write transactions are short and never nested. Threads of one process take turns; a second `begin()`
inside one in the same thread would wait for itself, and raises at once instead.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex

from domain.errors import StateError

SCHEMA_VERSION = 2
"""Kept in the file's `user_version`; counted up with every change. So far tables and indexes were
only added, so that opening an older file makes what it lacks and touches nothing else."""

BUSY_TIMEOUT_MS = 5000
CHECKED_BELOW_BYTES = 50 * 1024 * 1024
"""Smaller files are checked for damage at every opening."""


class Database:
    """An open database file."""

    def __init__(self, path: Path, durable: Engine, quick: Engine) -> None:
        self.path = path
        self._durable = durable
        self._quick = quick
        # Also when it is forgotten: an open connection must not wait for the garbage collector.
        self._dispose = weakref.finalize(self, _dispose, durable, quick)
        self._turn = threading.Lock()
        self._writer: int | None = None

    @classmethod
    def open(
        cls, path: Path, metadata: MetaData, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS
    ) -> Database:
        """Open the file, making it and its tables where they lack; an older one is upgraded.

        Raises:
            StateError: the file is not ours, damaged, locked, read-only or of a newer plangate.
        """
        fresh = _make_file(path)
        database = cls(
            path,
            _engine(path, "FULL", busy_timeout_ms),
            _engine(path, "NORMAL", busy_timeout_ms),
        )
        try:
            if not fresh:
                database._check()
            with database.begin() as connection:
                metadata.create_all(connection)
                for index in (i for table in metadata.sorted_tables for i in table.indexes):
                    connection.execute(CreateIndex(index, if_not_exists=True))
                connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
        except StateError:
            database.close()
            raise
        return database

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any error.

        Raises:
            StateError: the database is locked by another process, full or read-only.
        """
        me = threading.get_ident()
        if self._writer == me:
            raise RuntimeError("begin() inside begin(): a write transaction cannot be nested")
        engine = self._durable if durable else self._quick
        with self._turn, self._explained():
            self._writer = me
            try:
                with engine.begin() as connection:
                    yield connection
            finally:
                self._writer = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading what is committed; may be nested, also inside `begin`.

        Raises:
            StateError: the file is damaged or cannot be read.
        """
        with (
            self._explained(),
            self._quick.connect().execution_options(plangate_read=True) as connection,
        ):
            yield connection

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A broken constraint is the caller's to handle; anything else is about the file."""
        try:
            yield
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise StateError(_complaint(self.path, error)) from error

    def _check(self) -> None:
        with self.read() as connection:
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
            tables = connection.execute(text("SELECT count(*) FROM sqlite_schema")).scalar_one()
            if version == 0 and tables:
                raise StateError(
                    f"{str(self.path)!r} is a database of another program; name another "
                    "PLANGATE_HOME"
                )
            if version > SCHEMA_VERSION:
                raise StateError(
                    f"database {str(self.path)!r} was made by a newer plangate (schema {version}, "
                    f"this one knows {SCHEMA_VERSION}): upgrade plangate or name another "
                    "PLANGATE_HOME"
                )
            if self.path.stat().st_size < CHECKED_BELOW_BYTES:
                found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
                if found != "ok":
                    raise StateError(f"database {str(self.path)!r} is damaged: {found}")


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _make_file(path: Path) -> bool:
    """Make folder and file for the owner alone; True when the file is new."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StateError(
            f"cannot use {str(path)!r}: {error.strerror}; name another folder in PLANGATE_HOME"
        ) from error
    return path.stat().st_size == 0


def _engine(path: Path, synchronous: str, busy_timeout_ms: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        max_overflow=-1,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {busy_timeout_ms}",
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        reading = connection.get_execution_options().get("plangate_read", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _complaint(path: Path, error: DatabaseError) -> str:
    cause = str(error.orig)
    if "locked" in cause:
        return f"database {str(path)!r} is locked by another process; stop it or wait"
    if "not a database" in cause or "malformed" in cause:
        return f"{str(path)!r} is not a database of plangate ({cause}); move it away"
    if "readonly" in cause:
        return f"database {str(path)!r} cannot be written: {cause}"
    return f"database {str(path)!r}: {cause}"
