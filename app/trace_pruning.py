"""Old traces taken out, and the room they took given back; never the journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.clock import SystemClock
from app.home import database_place, state_home
from app.lease import lease
from app.moments import read_age
from domain.clock import iso, to_ms
from journal.reading import session_names
from traces.database import Database
from traces.prune import Doomed, doomed, prune
from traces.tables import METADATA
from traces.words import rebuild


def pruned(older_than: str, *, keep_plans: bool, really: bool) -> dict[str, Any]:
    """Prune, or only say what would go.

    Raises:
        ConfigError: the age is none.
        StateError: a session is being run on this machine.
    """
    before = SystemClock().now() - read_age("--older-than", older_than)
    database = Database.open(database_place(), METADATA)
    try:
        if really:
            with nobody_records(database):
                gone = prune(database, to_ms(before), keep_plans=keep_plans)
        else:
            with database.read() as connection:
                gone = doomed(connection, to_ms(before), keep_plans=keep_plans)
    finally:
        database.close()
    return _document(gone) | {"before": iso(before), "done": really}


def vacuumed() -> dict[str, Any]:
    """Give back the room of what was pruned; the index of words is made anew without it.

    Raises:
        StateError: a session is being run on this machine.
    """
    place = database_place()
    database = Database.open(place, METADATA)
    try:
        before = _size(place)
        with nobody_records(database):
            with database.begin() as connection:
                rebuild(connection)
            database.vacuum()
    finally:
        database.close()
    after = _size(place)
    return {"schema": "plangate.traces.vacuum/1", "bytes_before": before, "bytes_after": after}


@contextmanager
def nobody_records(database: Database) -> Iterator[None]:
    """As long as it lasts, no session can be run on this machine.

    Raises:
        StateError: one is.
    """
    with ExitStack() as stack:
        for name in session_names(database):
            stack.enter_context(lease(state_home(), name))
        yield


def _size(place: object) -> int | None:
    """Bytes of a file; None: a server's are its own."""
    return place.stat().st_size if isinstance(place, Path) else None


def _document(gone: Doomed) -> dict[str, Any]:
    return {
        "schema": "plangate.traces.prune/1",
        "runs_count": len(gone.runs),
        "events_count": gone.events_count,
        "texts_count": len(gone.texts),
        "text_bytes": gone.text_bytes,
    }
