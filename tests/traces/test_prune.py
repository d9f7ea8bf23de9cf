from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.clock import to_ms
from domain.strict_json import content_hash
from tests.places import place_in
from tests.traces.handmade import AS_OF, RUN, ended, opened, record_run, recorder, started
from tests.traces.test_recorder import revised, rows
from tests.traces.test_verify import looked_at
from traces.database import Database
from traces.index import list_runs
from traces.prune import doomed, prune

pytestmark = pytest.mark.usefixtures("each_database")

NOW_MS = to_ms(AS_OF)
LATER_MS = NOW_MS + 1


@pytest.fixture
def made(tmp_path: Path) -> Database:
    """A run that committed a plan; one that did not, and shares a text with it."""
    database = opened(tmp_path)
    to = recorder(database)
    record_run(to)
    to.record("idle", "observe", started())
    shared = to.blob("Denied: RR_BELOW_MIN measured 1.1, limit >= 1.5.")
    for name in (shared, to.blob("its own " * 99)):
        to.record(RUN if name == shared else "idle", "revise", revised(name))
        to.record("idle", "revise", revised(name))
    to.record("idle", "record", ended("no_trade"))
    return database


def listed(folder: Path) -> set[str]:
    return {row.run_id for row in list_runs(place_in(folder))}


def test_what_is_not_old_enough_stays(made: Database, tmp_path: Path) -> None:
    assert prune(made, NOW_MS, keep_plans=False).runs == ()
    assert listed(tmp_path) == {RUN, "idle"}


def test_plans_can_be_kept_with_every_text_they_name(made: Database, tmp_path: Path) -> None:
    before = rows(made, "trace_blob")
    with made.read() as connection:
        foretold = doomed(connection, LATER_MS, keep_plans=True)
    assert foretold == prune(made, LATER_MS, keep_plans=True)
    assert foretold.runs == (("made", "idle"),)
    assert foretold.texts == (content_hash("its own " * 99),)
    assert foretold.text_bytes > 0
    assert listed(tmp_path) == {RUN}
    assert rows(made, "trace_blob") == before - 1
    left = looked_at(made)
    assert (left.broken, left.pruned_runs_count, left.pruned_events_count) == ([], 1, 5)
    assert left.events_count == rows(made, "trace_event")


def test_everything_old_goes_and_the_journal_stays(made: Database, tmp_path: Path) -> None:
    with made.begin() as connection:
        act = "INSERT INTO operator_act (session, at, act, reason) VALUES ('made', 1, 'kill', '')"
        connection.execute(text(act))
    prune(made, LATER_MS, keep_plans=False)
    assert [rows(made, f"trace_{kind}") for kind in ("event", "run", "blob")] == [0, 0, 0]
    assert rows(made, "operator_act") == 1
    assert listed(tmp_path) == set()
    assert looked_at(made).broken == []
    assert prune(made, LATER_MS, keep_plans=False).runs == ()
    made.vacuum()
    assert looked_at(made).pruned_runs_count == 2


def test_what_is_recorded_on_a_pruned_run_follows_on_what_went(made: Database) -> None:
    prune(made, LATER_MS, keep_plans=False)
    to = recorder(made)
    for _ in range(2):
        to.record(RUN, "revise", revised(to.blob("a fill, months later")))
        to.flush()
    found = looked_at(made)
    assert (found.broken, found.events_count) == ([], 2)
    assert prune(made, LATER_MS, keep_plans=False).events_count == 2
    assert looked_at(made).broken == []


@pytest.mark.parametrize(
    "changed", [{"pruned_count": 3}, {"pruned_head": "0" * 32}, {"events_count": 99}]
)
def test_a_prune_that_was_forged_is_found(made: Database, changed: dict[str, Any]) -> None:
    prune(made, LATER_MS, keep_plans=True)
    for column, value in changed.items():
        with made.begin() as connection:
            sql = f"UPDATE trace_chain SET {column} = :value WHERE run_id = 'idle'"  # noqa: S608
            connection.execute(text(sql), {"value": value})
    assert [b.run_id for b in looked_at(made).broken] == ["idle"]
