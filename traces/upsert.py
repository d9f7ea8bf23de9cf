"""Inserts that meet a row of the same key: left alone, or replaced; alike in every database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def keep(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; True when none of its key was there already."""
    # Asked for: of an insert, SQLAlchemy does not look at the count by itself.
    counted = _keeping(connection.dialect.name, table).execution_options(preserve_rowcount=True)
    return connection.execute(counted, dict(row)).rowcount > 0


def keep_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already are left out."""
    connection.execute(_keeping(connection.dialect.name, table), list(rows))


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or give these values to the one of its key."""
    connection.execute(_putting(connection.dialect.name, table, tuple(row)), dict(row))


# Statements are made once: every step of a decision writes with them.
@cache
def _keeping(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _putting(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    given = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=given)


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "sqlite":
        return sqlite.insert(table)
    # Slow to import, and seldom needed.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
