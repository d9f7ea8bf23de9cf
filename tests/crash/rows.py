"""What a session has to show: every row of its file that another process has to repeat."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
"""Of each table, in an order that the rows themselves give."""

OF_A_PROCESS = "trace_"
"""So begin the tables of when and how something was done, which another process does at another
time."""
FENCE = "fence"
"""Counts processes, and nothing else of a session may."""


def rows(file: Path) -> Rows:
    """The journal and the venue's own log, digit for digit."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        named = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = {name for (name,) in named.fetchall() if not name.startswith(OF_A_PROCESS)}
        found = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}  # noqa: S608
    return {
        name: sorted(({**row, FENCE: None} for row in map(dict, table)), key=repr)
        for name, table in sorted(found.items())
    }
