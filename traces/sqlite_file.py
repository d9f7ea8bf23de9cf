"""What is SQLite's own: a file of one machine in WAL mode, and transactions that begin as writers.

SQLAlchemy's default transactions on SQLite begin late and lose updates under concurrency, so every
write begins with `BEGIN IMMEDIATE`. The journal's transactions are durable through a power cut
(`synchronous=FULL`); the traces' may lose their last ones (`NORMAL`) and cost a tenth.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from domain.errors import StateError
from traces.bodies import teach
from traces.schema import SCHEMA_VERSION

CHECKED_BELOW_BYTES = 50 * 1024 * 1024
"""Smaller files are checked for damage at every opening."""


class SqliteFile:
    """A database in one file."""

    setting = "PLANGATE_HOME"

    def __init__(self, path: Path, busy_timeout_ms: int) -> None:
        self.name = repr(str(path))
        self.home = path.parent
        self._path = path
        _make_file(path)
        self._durable = _engine(path, "FULL", busy_timeout_ms)
        self._quick = _engine(path, "NORMAL", busy_timeout_ms)
        self.engines: tuple[Engine, ...] = (self._durable, self._quick)

    def writing(self, *, durable: bool) -> Connection:
        """A connection that begins as the only writer."""
        return (self._durable if durable else self._quick).connect()

    def begun(self, connection: Connection, *, durable: bool) -> None:
        """Nothing is left to do: `BEGIN IMMEDIATE` took the turn."""

    def reading(self) -> Connection:
        """A connection that sees one moment of the file."""
        return self._quick.connect().execution_options(plangate_read=True)

    def version(self, connection: Connection) -> int:
        """The schema's version; 0 for a file that is empty.

        Raises:
            StateError: another program made it.
        """
        version: int = connection.execute(text("PRAGMA user_version")).scalar_one()
        names = set(connection.execute(text("SELECT name FROM sqlite_schema")).scalars())
        if (version or names) and (version == 0 or "trace_event" not in names):
            raise StateError(
                f"{self.name} is a database of another program; name another PLANGATE_HOME"
            )
        return version

    def check(self, connection: Connection) -> None:
        """Look for damage.

        Raises:
            StateError: there is some.
        """
        if self._path.stat().st_size < CHECKED_BELOW_BYTES:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            if found != "ok":
                raise StateError(f"database {self.name} is damaged: {found}")

    def upgraded(self, connection: Connection) -> None:
        """Keep the version where releases before 0.3 look for it, so that they refuse by it."""
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))

    def vacuum(self) -> None:
        """Write the file anew without its holes."""
        options = {"isolation_level": "AUTOCOMMIT"}
        with self._durable.connect().execution_options(**options) as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101  # the engine's own driver
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def complaint(self, error: DatabaseError) -> str:
        """What a person is told."""
        cause = str(error.orig)
        if "locked" in cause:
            return f"database {self.name} is locked by another process; stop it or wait"
        if "not a database" in cause or "malformed" in cause:
            return f"{self.name} is not a database of plangate ({cause}); move it away"
        if "readonly" in cause:
            return f"database {self.name} cannot be written: {cause}"
        return f"database {self.name}: {cause}"


def _make_file(path: Path) -> None:
    """Make folder and file for the owner alone."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StateError(
            f"cannot use {str(path)!r}: {error.strerror}; name another folder in PLANGATE_HOME"
        ) from error


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
        teach(connection)

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        reading = connection.get_execution_options().get("plangate_read", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
