"""Many plain rows at once: values go to the driver as they are, so that a million takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table


def add_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    columns: Sequence[str] | None = None,
    *,
    keep: bool = False,
) -> None:
    """Insert rows; none of their keys may be there, unless what is there is to be kept.

    Values are those the database itself holds: no column type converts them.

    Args:
        connection: In a write transaction.
        table: Into which.
        rows: Each with a value for every column.
        columns: Their names in order; None is all that the table has, in its own order.
        keep: Leave out a row whose key is there already.
    """
    if not rows:
        return
    wanted = None if columns is None else tuple(columns)
    statement = _insert(table, wanted, connection.dialect.paramstyle, keep=keep)
    connection.exec_driver_sql(statement, list(rows))


@cache
def _insert(table: Table, columns: tuple[str, ...] | None, paramstyle: str, *, keep: bool) -> str:
    columns = columns or tuple(column.name for column in table.columns)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(["?" if paramstyle == "qmark" else "%s"] * len(columns))
    conflict = " ON CONFLICT DO NOTHING" if keep else ""
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}){conflict}'  # noqa: S608  # our own names
