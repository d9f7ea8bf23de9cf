"""Recorded decisions handed to a collector of OpenTelemetry: `plangate traces otlp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from app.home import database_place
from app.otlp import Collector
from app.otlp_address import shown, traces_address
from app.settings import load_settings
from app.trace_reader import run_named
from domain.errors import ConfigError, Unreachable
from traces.chosen import EVERY, Chosen
from traces.database import Database
from traces.index import ALL_RUNS, RunRow, extent, list_runs
from traces.spans import spans
from traces.store import TraceStore
from traces.tables import METADATA
from traces.verify import newest_session

Told = Callable[[int, int], None]
"""Told after each decision: how many are handed over, and how many they will be."""


def hand_over(runs: Sequence[str], chosen: Chosen, to: str | None, told: Told) -> dict[str, Any]:
    """Hand the spans of decisions to a collector, the oldest decision first.

    Args:
        runs: Beginnings of run ids; none: those that are chosen.
        chosen: Filters, of which a session goes with named runs; none of them: the session that
            decided last.
        to: Base address; None: the environment's.
        told: Is told how it goes on.

    Raises:
        ConfigError: no collector is named, OpenTelemetry is not installed, or runs are named and
            other filters besides.
        StateError: a run is none, or not the only one.
        Unreachable: the collector did not take them all.
    """
    if runs and chosen != Chosen(session=chosen.session):
        raise ConfigError(
            f"{' '.join(runs)!r} names the decisions; of the filters only --session goes with it"
        )
    url = traces_address(to) if to else load_settings().collector
    if url is None:
        raise ConfigError(
            "no collector is named; expected --to http://127.0.0.1:4318 or such, or the variable "
            "OTEL_EXPORTER_OTLP_ENDPOINT"
        )
    with closing(Collector(url)) as collector:
        rows, count = _handed_over(collector, runs, chosen, told)
    return {
        "schema": "plangate.traces.otlp/1",
        "collector": shown(url),
        "runs_count": len(rows),
        "spans_count": count,
    }


def _handed_over(
    collector: Collector, runs: Sequence[str], chosen: Chosen, told: Told
) -> tuple[list[RunRow], int]:
    """Which decisions, and how many spans they are."""
    place = database_place()
    if extent(place) is None:
        return [], 0
    with closing(Database.open(place, METADATA)) as database:
        rows = _rows(database, runs, chosen)
        return rows, _sent(database, rows, collector, told)


def _rows(database: Database, runs: Sequence[str], chosen: Chosen) -> list[RunRow]:
    place = database_place()
    if runs:
        return [run_named(place, prefix, chosen.session) for prefix in runs]
    if chosen == EVERY:
        chosen = Chosen(session=newest_session(database))
    return list_runs(place, chosen, limit=ALL_RUNS)[::-1]


def _sent(database: Database, rows: Sequence[RunRow], collector: Collector, told: Told) -> int:
    count = 0
    for number, row in enumerate(rows, 1):
        store = TraceStore(database, row.session)
        found = spans(row.session, row.run_id, store.events(row.run_id), store.blobs.get)
        try:
            collector.send(found)
        except Unreachable as error:
            raise Unreachable(
                f"{error}; {number - 1} of {len(rows)} decisions were taken. Ids are the same "
                "each time: once it answers, the same command may be given again"
            ) from error
        count += len(found)
        told(number, len(rows))
    return count
