"""What `plangate replay` does: recorded decisions made again from their traces alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from app.home import database_place
from app.trace_reader import run_named
from domain.errors import StateError
from graph.replay import Replayed, Replayer
from traces.chain import Run
from traces.database import Database
from traces.index import ALL_RUNS
from traces.tables import METADATA
from traces.verify import newest_runs, newest_session

Progress = Callable[[int, int], None]
"""Told how many decisions were replayed, and how many there are."""


class Missing(NamedTuple):
    """A decision whose trace lacks what a replay takes."""

    run_id: str
    sentence: str


def replay_document(prefix: str | None, session: str | None, progress: Progress) -> dict[str, Any]:
    """Replay one decision, or every one of a session, as a JSON-able document.

    Args:
        prefix: The beginning of a run's id; None: the whole session.
        session: None: the one that decided last.
        progress: Told how far it has come.

    Raises:
        StateError: no such run or session.
    """
    database = Database.open(database_place(), METADATA)
    try:
        name, runs = wanted_runs(database, prefix, session)
        return asyncio.run(replays(database, runs, progress)) | {"session": name}
    finally:
        database.close()


async def replays(database: Database, runs: Sequence[Run], progress: Progress) -> dict[str, Any]:
    """The document of these decisions, in their order."""
    replayers = {name: Replayer(database, name) for name in {session for session, _ in runs}}
    came: list[Replayed | Missing] = []
    for number, (session, run_id) in enumerate(runs):
        progress(number, len(runs))
        try:
            came.append(await replayers[session].replay(run_id))
        except StateError as error:
            came.append(Missing(run_id, str(error)))
    progress(len(runs), len(runs))
    return _document(came)


def wanted_runs(
    database: Database, prefix: str | None, session: str | None
) -> tuple[str, list[Run]]:
    """The session's name, and the run that begins so, or all of the session's.

    Raises:
        StateError: there is none.
    """
    if prefix is not None:
        row = run_named(database_place(), prefix, session)
        return row.session, [(row.session, row.run_id)]
    name = session or newest_session(database)
    runs = newest_runs(database, name, ALL_RUNS)[::-1] if name else []
    if name is None or not runs:
        which = f"session {name!r} has no decisions" if name else "no decisions are recorded"
        raise StateError(f"{which}, so there is nothing to replay; see: plangate traces list")
    return name, runs


def _document(came: Sequence[Replayed | Missing]) -> dict[str, Any]:
    replayed = [one for one in came if isinstance(one, Replayed)]
    return {
        "schema": "plangate.replay/1",
        "runs_count": len(came),
        "exact_count": sum(one.difference is None for one in replayed),
        "differences": [asdict(one.difference) for one in replayed if one.difference],
        "not_replayable": [one._asdict() for one in came if isinstance(one, Missing)],
        "runs": [
            {
                "run_id": one.run_id,
                "exact": one.difference is None,
                "nodes": list(one.nodes),
                "outcome": one.final["outcome"] if one.final else None,
            }
            for one in replayed
        ],
    }
