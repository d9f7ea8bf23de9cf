"""The index of words: which decisions have a word in their prose; made from the traces, and anew.

It holds no text. A run's words go in as one entry when it ends, in that transaction, and again when
prose is recorded on it later. An entry is found only through its row in `trace_prose`: what a run
said before, and what was pruned, is found no more at once, and leaves the disk when the index is
made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, select, text

from traces.prose import AFTER_THE_END, Read, prose_of, words_of
from traces.stored_text import read_if_there
from traces.tables import METADATA
from traces.word_sql import ON_FILE, ON_SERVER, WordSql

_PROSE = METADATA.tables["trace_prose"]
_EVENTS = METADATA.tables["trace_event"]
_RUNS = METADATA.tables["trace_run"]
_RUN = (_EVENTS.c.session, _EVENTS.c.run_id)

Progress = Callable[[int, int], None]
"""Runs that are done, and of how many."""


def make_index(connection: Connection) -> None:
    """Make an empty index."""
    for statement in _sql(connection).make:
        connection.execute(text(statement))


def index_events(connection: Connection, events: Sequence[Mapping[str, Any]], read: Read) -> None:
    """Take in the runs that these events end, or add prose to; they are in the table already."""
    runs = {
        (event["session"], event["run_id"]): None
        for event in events
        if event["kind"] == "run_ended"
        or (event["kind"] in AFTER_THE_END and any(prose_of(event["kind"], event["body"], read)))
    }
    for run in runs:
        _index_run(connection, run, read)


def rebuild(connection: Connection, progress: Progress | None = None) -> int:
    """Make the index anew from what is recorded; returns how many runs it holds."""
    read = partial(read_if_there, connection)
    connection.execute(text("DROP TABLE IF EXISTS trace_words"))
    make_index(connection)
    connection.execute(delete(_PROSE))
    chosen = select(_RUNS.c.session, _RUNS.c.run_id).order_by(_RUNS.c.recorded_ms, _RUNS.c.as_of_ms)
    runs = [(row.session, row.run_id) for row in connection.execute(chosen)]
    for done, run in enumerate(runs, 1):
        _index_run(connection, run, read)
        if progress is not None:
            progress(done, len(runs))
    return len(runs)


def _index_run(connection: Connection, run: tuple[str, str], read: Read) -> None:
    session, run_id = run
    mine = (_EVENTS.c.session == session) & (_EVENTS.c.run_id == run_id)
    chosen = select(_EVENTS.c.kind, _EVENTS.c.body).where(mine)
    words = {
        word
        for row in connection.execute(chosen)
        for told in prose_of(row.kind, row.body, read)
        for word in words_of(told)
    }
    connection.execute(delete(_PROSE).where(_PROSE.c.session == session, _PROSE.c.run_id == run_id))
    made = _PROSE.insert().values(session=session, run_id=run_id).returning(_PROSE.c.id)
    entry = connection.execute(made).scalar_one()
    values = {"id": entry, "words": " ".join(sorted(words))}
    connection.execute(text(_sql(connection).add), values)


def _sql(connection: Connection) -> WordSql:
    return ON_FILE if connection.dialect.name == "sqlite" else ON_SERVER
