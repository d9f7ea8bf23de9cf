"""What many decisions come to: `plangate traces stats`.

Time, calls and codes are the traces'; which part of a prompt's cost was a tool's answers, only the
ledger of money knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.cost import tool_shares
from app.home import database_place
from domain.spending import usd_sum
from journal.spending_reading import model_calls
from traces.chosen import Chosen
from traces.database import Database
from traces.index import ALL_RUNS, RunRow, extent, list_runs
from traces.stats import stats
from traces.tables import METADATA


def stats_document(chosen: Chosen, told: Callable[[int], None]) -> dict[str, Any] | None:
    """The figures of the chosen decisions; None when nothing is recorded yet.

    Args:
        chosen: Which.
        told: Is told now and then how many have gone by.
    """
    place = database_place()
    if extent(place) is None:
        return None
    database = Database.open(place, METADATA)
    try:
        document = stats(database, chosen, told)
        rows = list_runs(place, chosen, limit=ALL_RUNS)
        document["tools"] = _with_money(document["tools"], rows, database)
        return document
    finally:
        database.close()


def _with_money(
    tools: Mapping[str, dict[str, Any]], rows: Sequence[RunRow], database: Database
) -> dict[str, dict[str, Any]]:
    """Each tool also with its share of what prompts cost; null where that is not on record."""
    runs = {(row.session, row.run_id): row.cost_usd for row in rows}
    calls = [one for one in model_calls(database) if (one.session, one.run_id) in runs]
    entered = {(one.session, one.run_id) for one in calls}
    is_whole = all(usd == "0" or run in entered for run, usd in runs.items())
    shares, lacking = tool_shares(calls), [] if is_whole else [None]
    return {
        name: {**tool, **usd_sum([*shares.get(name, []), *lacking])} for name, tool in tools.items()
    }
