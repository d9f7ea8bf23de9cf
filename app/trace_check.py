"""Whether traces are as they were recorded: by command, and briefly when a session begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from app.home import database_place
from app.trace_reader import run_named
from domain.errors import StateError
from journal.books import Journal
from traces.database import Database
from traces.tables import METADATA
from traces.verify import Broken, newest_runs, newest_session, runs_of, verify_runs

LOOKED_AT_RUNS = 10
"""So many of a session's newest runs are verified when it begins: some tens of milliseconds."""


def verified(prefix: str | None, session: str | None, *, every: bool) -> dict[str, Any]:
    """Verify one run, a session or everything; by default the session that decided last.

    Raises:
        StateError: no such run, or there is nothing to verify.
    """
    place = database_place()
    row = run_named(place, prefix, session) if prefix is not None else None
    database = Database.open(place, METADATA)
    try:
        named = None if every else session or newest_session(database)
        runs = [(row.session, row.run_id)] if row else runs_of(database, named)
        if not runs:
            of = f" of session {named!r}" if named else ""
            raise StateError(f"there are no traces{of}; see: plangate traces list")
        found = verify_runs(database, runs)
    finally:
        database.close()
    told = [asdict(each) | {"words": words(each)} for each in found.broken]
    return {"schema": "plangate.traces.verify/1", **asdict(found), "broken": told}


def tell_of_changes(journal: Journal, notice: Callable[[str], None]) -> None:
    """Say so when the newest runs of a session are not as they were recorded.

    The session goes on: no order follows from a trace, and money is checked by the journal.
    """
    database, session = journal.database, journal.session
    found = verify_runs(database, newest_runs(database, session, LOOKED_AT_RUNS))
    if found.broken:
        notice(
            f"traces were changed: {words(found.broken[0])} ({len(found.broken)} such in the "
            f"newest {found.runs_count} runs); see: plangate traces verify --session {session}"
        )


def words(broken: Broken) -> str:
    """One thing that is wrong, where it is first."""
    event = f" event {broken.number} ({broken.node}, {broken.kind})" if broken.number else ""
    return f"session {broken.session!r} run {broken.run_id!r}{event}: {broken.sentence}"
