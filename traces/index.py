"""Lists runs quickly: a file with the standard library only, since listing must start at once."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import StateError
from domain.numbers import is_amount
from traces.bodies import teach
from traces.chosen import EVERY, Chosen
from traces.place import Place

_WHOLE = frozenset({"as_of_ms", "model_calls", "tool_calls", "input_tokens", "output_tokens"})
_LAST = "\U0010ffff"
"""Comes after whatever else an id could go on with."""


class RunRow(NamedTuple):
    """One run in a listing."""

    run_id: str
    session: str
    symbol: str
    as_of_ms: int
    model: str
    outcome: str
    codes: str
    model_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    duration_ms: float

    @property
    def damage(self) -> str | None:
        """The first value that no recorder wrote, in words; None: there is none."""
        told = zip(self._fields, self, strict=True)
        wrong = (f"{name} {value!r}" for name, value in told if not is_recorded(name, value))
        return next(wrong, None)


COLUMNS = ", ".join(RunRow._fields)
"""Of `trace_run`, for a query."""


def is_recorded(column: str, value: object) -> bool:
    """Whether a recorder may have written it; SQLite takes any value into any column."""
    if column == "cost_usd":
        return value is None or (isinstance(value, str) and is_amount(value))
    if column == "duration_ms":
        return isinstance(value, int | float) and 0 <= value < math.inf
    return isinstance(value, int if column in _WHOLE else str)


ALL_RUNS = 1_000_000
"""More than anybody has: a limit for those who want them all."""


def list_runs(place: Place, chosen: Chosen = EVERY, *, limit: int = 50) -> list[RunRow]:
    """The newest runs by decision time; none when there is no database yet.

    Raises:
        StateError: the file is not a database of ours.
    """
    where, values = chosen.where()
    tail = f"WHERE {where} ORDER BY as_of_ms DESC, recorded_ms DESC LIMIT ?"
    return _rows(place, tail, [*values, limit])


def count_unknown_cost(place: Place, chosen: Chosen) -> int:
    """How many decisions a filter by cost leaves out because nobody knows theirs."""
    where, values = replace(chosen, min_cost_usd=None, max_cost_usd=None).where()
    query = f"SELECT count(*) FROM trace_run WHERE {where} AND cost_usd IS NULL"  # noqa: S608  # every value is bound
    rows = query_place(place, query, values)
    return int(rows[0][0]) if rows else 0


class Extent(NamedTuple):
    """What decisions there are."""

    runs_count: int
    first_ms: int
    last_ms: int
    names: dict[str, list[str]]
    """By column the first of its values; one more than is to be shown where there are more."""


def extent(place: Place, most: int = 8) -> Extent | None:
    """What there is to choose from; None when there is nothing yet.

    Raises:
        StateError: the file is not a database of ours.
    """
    rows = query_place(place, "SELECT count(*), min(as_of_ms), max(as_of_ms) FROM trace_run", [])
    if not rows or not rows[0][0]:
        return None
    names = {
        column: [
            row[0]
            for row in query_place(
                place,
                f"SELECT DISTINCT {column} FROM trace_run ORDER BY {column} LIMIT ?",  # noqa: S608  # of the names below
                [most + 1],
            )
        ]
        for column in ("session", "symbol", "outcome", "model")
    }
    runs_count, first_ms, last_ms = rows[0]
    return Extent(runs_count, first_ms, last_ms, names)


def find_runs(place: Place, prefix: str) -> list[RunRow]:
    """The runs whose id begins with `prefix`, in whichever letters where none does in these.

    Raises:
        StateError: the file is not a database of ours.
    """
    order = "ORDER BY as_of_ms LIMIT 1000"
    as_typed: list[str | int] = [prefix, prefix + _LAST]
    if found := _rows(place, f"WHERE run_id >= ? AND run_id < ? {order}", as_typed):
        return found
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _rows(place, f"WHERE lower(run_id) LIKE lower(?) ESCAPE '\\' {order}", [f"{escaped}%"])


class Fired(NamedTuple):
    """When a code last denied a plan, and on what."""

    code: str
    denials: int
    """How many with this code, at review and at send."""
    run_id: str
    session: str
    at_ms: int
    """Wall time of the last one."""
    sentence: str


_LAST_FIRED = """
    SELECT code.value, count(*), run_id, session, max(at_ms), (
        SELECT finding.value ->> 'sentence'
        FROM json_each(event_text(trace_event.body), '$.findings') AS finding
        WHERE finding.value ->> 'code' = code.value AND NOT finding.value ->> 'passed'
        LIMIT 1
    )
    FROM trace_event, json_each(event_text(trace_event.body), '$.codes') AS code
    WHERE kind = 'reviewed'
    GROUP BY code.value
"""
_LAST_FIRED_ON_SERVER = r"""
    SELECT DISTINCT ON (code.value)
        code.value, count(*) OVER (PARTITION BY code.value), run_id, session, at_ms, (
        SELECT finding.value ->> 'sentence'
        FROM json_array_elements(said -> 'findings') AS finding
        WHERE finding.value ->> 'code' = code.value AND finding.value ->> 'passed' = 'false'
        LIMIT 1
    )
    FROM trace_event,
        CAST(replace(body, '\u0000', '\u0020') AS json) AS said,
        json_array_elements_text(said -> 'codes') AS code
    WHERE kind = 'reviewed'
    ORDER BY code.value, at_ms DESC, id
"""
"""The same: a server has no word for the row of a maximum, and reads JSON by other names.
Its text cannot hold U+0000, so that a blank is read in its place."""


def last_fired(place: Place) -> dict[str, Fired]:
    """Per code, its last denial in any session; nothing when there is no database yet.

    Raises:
        StateError: the file is not a database of ours.
    """
    wanted = _LAST_FIRED if isinstance(place, Path) else _LAST_FIRED_ON_SERVER
    return {row[0]: Fired(*row) for row in query_place(place, wanted, [])}


def _rows(place: Place, tail: str, values: list[str | int]) -> list[RunRow]:
    # The tail is made of constants above; every value is bound.
    query = f"SELECT {COLUMNS} FROM trace_run {tail}"  # noqa: S608  # see above
    return [RunRow(*row) for row in query_place(place, query, values)]


def query_place(place: Place, query: str, values: list[str | int]) -> list[Any]:
    """Rows of one query; none when there is no database yet.

    Raises:
        StateError: the file is not a database of ours.
    """
    if not isinstance(place, Path):
        from traces.postgres_server import query_server

        return query_server(place, query, values)
    return _query_file(place, query, values) if place.exists() else []


def _query_file(path: Path, query: str, values: list[str | int]) -> list[Any]:
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            teach(connection)
            return connection.execute(query, values).fetchall()
    except UnicodeEncodeError:  # half a surrogate pair: no text of ours has one
        return []
    except sqlite3.DatabaseError as error:
        raise StateError(f"{str(path)!r} cannot be read as a database of plangate: {error}") from (
            error
        )
