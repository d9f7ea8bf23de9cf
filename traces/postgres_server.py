"""What is PostgreSQL's own: one schema on a server, writers that take turns by an advisory lock.

A transaction that the server breaks off for a conflict would have to be run again, and a `with`
block cannot be. So there are no conflicts: every writer first waits for one lock, held until its
transaction ends, as `BEGIN IMMEDIATE` has writers of a file wait. Its transaction is READ COMMITTED
on purpose: under a stricter level its view of the data would be older than its turn.

Text is sorted by its bytes, as in SQLite, whatever language the server speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError

from domain.errors import ConfigError, StateError
from traces.place import Server

DRIVER = "postgresql+psycopg"
IDLE_LIMIT_MS = 60_000
"""A writer that stopped in the middle is cut off after this, for the others' sake."""

_LOCK = text("SELECT pg_advisory_xact_lock(1885759335, hashtext(current_schema()))")
"""One a schema; the number is any that no other program is likely to take."""

_RELATIONS = text(
    "SELECT relname FROM pg_catalog.pg_class "
    "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
)
_BY_LANGUAGE = text(
    "SELECT table_name, column_name, udt_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND udt_name IN ('text', 'varchar') "
    "AND collation_name IS DISTINCT FROM 'C'"
)
_CAUSES = {
    "55P03": "is locked by another process; stop it or wait",
    "25006": "cannot be written: the server is read-only",
    "53100": "cannot be written: the server's disk is full",
}


class PostgresServer:
    """A database on a server."""

    setting = "PLANGATE_DATABASE_URL"

    def __init__(self, server: Server, busy_timeout_ms: int) -> None:
        self.name = repr(str(server))
        self.home = server.home
        self._engine = _engine(server, busy_timeout_ms)
        self._secret = self._engine.url.password
        self.engines: tuple[Engine, ...] = (self._engine,)

    def writing(self, *, durable: bool) -> Connection:  # noqa: ARG002  # one pool serves both
        """A connection; its turn comes with `begun`."""
        return self._engine.connect()

    def begun(self, connection: Connection, *, durable: bool) -> None:
        """Wait for the turn."""
        connection.execute(_LOCK)
        if not durable:
            connection.execute(text("SET LOCAL synchronous_commit = off"))

    def reading(self) -> Connection:
        """A connection that sees one moment of the database."""
        return self._engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def version(self, connection: Connection) -> int:
        """The schema's version; 0 where there is none yet.

        Raises:
            StateError: another program uses it, or there is no such schema.
        """
        if connection.execute(text("SELECT current_schema()")).scalar_one() is None:
            raise StateError(f"database {self.name} has no schema that the search path names")
        names = set(connection.execute(_RELATIONS).scalars())
        if not names:
            return 0
        if not {"alembic_version", "trace_event"} <= names:
            raise StateError(
                f"{self.name} is a database of another program; name another PLANGATE_DATABASE_URL"
            )
        version = connection.execute(text("SELECT version_num FROM alembic_version"))
        return int(version.scalar_one())

    def check(self, connection: Connection) -> None:
        """The server looks after its files."""

    def upgraded(self, connection: Connection) -> None:
        """Have every text sorted by its bytes."""
        changes: dict[str, list[str]] = {}
        for table, column, kind in connection.execute(_BY_LANGUAGE):
            change = f'ALTER "{column}" TYPE {kind} COLLATE "C"'
            changes.setdefault(table, []).append(change)
        for table, parts in changes.items():
            connection.execute(text(f'ALTER TABLE "{table}" {", ".join(parts)}'))

    def vacuum(self) -> None:
        """Have the room used again; the server gives the disk what it can."""
        options = {"isolation_level": "AUTOCOMMIT"}
        with self._engine.connect().execution_options(**options) as connection:
            for table in ("trace_event", "trace_run", "trace_blob", "trace_prose", "trace_words"):
                connection.execute(text(f"VACUUM {table}"))

    def complaint(self, error: DatabaseError) -> str:
        """What a person is told; never the password."""
        state = getattr(error.orig, "sqlstate", None)
        if state in _CAUSES:
            return f"database {self.name} {_CAUSES[state]}"
        cause = " ".join(str(error.orig).split())
        if self._secret:
            cause = cause.replace(str(self._secret), "***")
        if state is None or error.connection_invalidated:
            return f"database {self.name} does not answer ({cause}); see PLANGATE_DATABASE_URL"
        return f"database {self.name}: {cause}"


def query_server(server: Server, query: str, values: Sequence[str | int]) -> list[Any]:
    """Rows of one query, with `?` for each value; none when there are no tables yet.

    Raises:
        StateError: the server does not answer, or the database is not ours.
    """
    backend = PostgresServer(server, 0)
    try:
        with backend.reading() as connection:
            if not backend.version(connection):
                return []
            found = connection.exec_driver_sql(query.replace("?", "%s"), tuple(values))
            return [tuple(row) for row in found]
    except UnicodeEncodeError:  # half a surrogate pair: no text of ours has one
        return []
    except DatabaseError as error:
        raise StateError(backend.complaint(error)) from error
    finally:
        for engine in backend.engines:
            engine.dispose()


def _engine(server: Server, busy_timeout_ms: int) -> Engine:
    try:
        url = make_url(server.url)
    except (ArgumentError, ValueError):
        # What is wrong is not repeated: it may hold the password.
        raise ConfigError(_expected("it is no address of a database")) from None
    if url.drivername not in {DRIVER, "postgresql"}:
        raise ConfigError(_expected(f"it begins with {url.drivername!r}"))
    try:
        engine = create_engine(
            url.set(drivername=DRIVER), pool_pre_ping=True, pool_size=5, max_overflow=-1
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PLANGATE_DATABASE_URL needs psycopg: pip install 'plangate[postgres]'"
        ) from error

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        for limit, ms in (
            ("lock_timeout", busy_timeout_ms),
            ("idle_in_transaction_session_timeout", IDLE_LIMIT_MS),
        ):
            connection.execute(f"SET {limit} = {ms}")
        connection.commit()

    return engine


def _expected(found: str) -> str:
    return (
        f"PLANGATE_DATABASE_URL: {found}; expected postgresql+psycopg://USER@HOST/DATABASE, "
        "with :PASSWORD after USER where one is asked for"
    )
