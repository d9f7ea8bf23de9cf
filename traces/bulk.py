"""Many plain rows at once: values go to the driver as they are, so that a million takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


def add_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    columns: Sequence[str] | None = None,
) -> None:
    """Insert rows; none of their keys may be there.

    Values are those the database itself holds: no column type converts them.

    Args:
        connection: In a write transaction.
        table: Into which.
        rows: Each with a value for every column.
        columns: Their names in order; None is all that the table has, in its own order.
    """
    if not rows:
        return
    columns = columns or [column.name for column in table.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608  # our own names
    connection.exec_driver_sql(statement, list(rows))
