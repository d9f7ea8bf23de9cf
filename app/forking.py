"""What `plangate replay --live-from` does: a recorded decision gone on with from a node of it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

from app.clock import SystemClock
from app.home import database_place
from app.options import SessionOptions
from app.standing_in import stand_in_for, stand_in_options
from app.trace_reader import run_named
from graph.decision import decision_document
from graph.fork import Fork
from journal.books import Journal
from traces.database import Database
from traces.index import RunRow
from traces.tables import METADATA


def fork_document(
    prefix: str, session: str | None, node: str, *, model: str | None, **stand_in: Any
) -> dict[str, Any]:
    """Fork one run, as a JSON-able document.

    Args:
        prefix: The beginning of the run's id.
        session: None: whichever has a run of that id.
        node: The first that is run anew.
        model: Who is asked from there on; None: the run's own.
        stand_in: What else `stand_in_options` takes.

    Raises:
        StateError: no such run, or its trace lacks what it takes.
        ConfigError: no such node or model, or no key for it.
    """
    row = run_named(database_place(), prefix, session)
    asked = stand_in_options(model=model or row.model, **stand_in)
    return asyncio.run(_forked(row, node, asked))


async def _forked(row: RunRow, node: str, asked: SessionOptions) -> dict[str, Any]:
    with closing(Database.open(database_place(), METADATA)) as database:
        async with stand_in_for(asked, Journal(database, row.session)) as stand_in:
            assert stand_in is not None  # noqa: S101  # a model is named
            fork = Fork(database, row.session, row.run_id, node, stand_in, SystemClock())
            came = await fork.run()
        decision = decision_document(fork.context, came.final)
    return {
        "schema": "plangate.fork/1",
        "session": came.session,
        "run_id": came.run_id,
        "fork_of": {"session": row.session, "run_id": row.run_id, "node": node},
        "model": asked.model,
        "before": {"outcome": row.outcome, "codes": row.codes.split()},
        "decision": decision,
    }
