"""Inserts that meet a row of the same key: left alone, or replaced; alike in every database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def keep(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; True when none of its key was there already."""
    statement = _insert(connection.dialect.name, table).values(**row).on_conflict_do_nothing()
    # Asked for: of an insert, SQLAlchemy does not look at the count by itself.
    done = connection.execute(statement.execution_options(preserve_rowcount=True))
    return done.rowcount > 0


def keep_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already are left out."""
    connection.execute(_keeping(connection.dialect.name, table), list(rows))


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or give these values to the one of its key."""
    keys = [column.name for column in table.primary_key]
    values = {name: value for name, value in row.items() if name not in keys}
    statement = _insert(connection.dialect.name, table).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


@cache
def _keeping(dialect: str, table: Table) -> Any:
    """Made once a table: it is what every step of a decision writes its texts with."""
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table)
    # Slow to import, and seldom needed.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
