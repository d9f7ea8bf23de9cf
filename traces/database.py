"""The one database: a SQLite file in WAL mode, opened once, written in explicit transactions.

SQLAlchemy's default transactions on SQLite begin late and lose updates under concurrency, so every
write begins with `BEGIN IMMEDIATE`. The journal's transactions are durable through a power cut
(`synchronous=FULL`); the traces' may lose their last ones (`NORMAL`) and cost a tenth.

Write transactions are short and never nested: a second `begin()` inside one would wait for the
first until it times out.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from domain.errors import StateError

SCHEMA_VERSION = 1
"""Kept in the file's `user_version`; counted up with every migration."""

BUSY_TIMEOUT_MS = 5000
CHECKED_BELOW_BYTES = 50 * 1024 * 1024
"""Smaller files are checked for damage at every opening."""


class Database:
    """An open database file."""

    def __init__(self, path: Path, durable: Engine, quick: Engine) -> None:
        self.path = path
        self._durable = durable
        self._quick = quick

    @classmethod
    def open(cls, path: Path, metadata: MetaData) -> Database:
        """Open the file, making it and its tables when there is none.

        Raises:
            StateError: the file is not ours, damaged, locked, read-only or of a newer plangate.
        """
        fresh = _make_file(path)
        database = cls(path, _engine(path, "FULL"), _engine(path, "NORMAL"))
        try:
            if not fresh:
                database._check()
            with database.begin() as connection:
                metadata.create_all(connection)
                connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
        except DatabaseError as error:
            database.close()
            raise StateError(_complaint(path, error)) from error
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
        engine = self._durable if durable else self._quick
        try:
            with engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise StateError(_complaint(self.path, error)) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading what is committed."""
        with self._quick.connect().execution_options(plangate_read=True) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._durable.dispose()
        self._quick.dispose()

    def _check(self) -> None:
        with self.read() as connection:
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
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


def _engine(path: Path, synchronous: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
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
