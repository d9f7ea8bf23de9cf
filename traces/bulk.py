"""Many plain rows at once: values go to the driver as they are, so that a million takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


def add_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, each with every column in the table's order; none of their keys may be there.

    Values are those the database itself holds: no column type converts them.
    """
    if not rows:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(table.columns))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608  # our own names
    connection.exec_driver_sql(statement, list(rows))
