"""What was damaged is told of in words, and where to look."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from domain.errors import StateError
from tests.places import place_in
from tests.traces.handmade import RUN, opened, record_run, recorder
from traces.chosen import EVERY
from traces.index import list_runs
from traces.stats import stats
from traces.store import TraceStore


@pytest.mark.parametrize(
    "damage",
    ["UPDATE trace_event SET body = '{'", "UPDATE trace_blob SET data = x'00ff'"],
)
def test_a_damaged_trace_is_an_error_of_the_state(tmp_path: Path, damage: str) -> None:
    database = opened(tmp_path)
    record_run(recorder(database))
    with database.begin() as connection:
        connection.execute(text(damage))
    with pytest.raises(StateError, match="plangate traces verify"):
        read_all(TraceStore(database, "made"))


@pytest.mark.parametrize(
    "damage",
    [
        "cost_usd = 'lots'",
        "cost_usd = '1E999999999'",
        "duration_ms = 9e999",
        "input_tokens = 'many'",
        "codes = x'00'",
    ],
)
def test_a_damaged_place_in_the_list_is_told_of_where_it_is_read(
    tmp_path: Path, damage: str
) -> None:
    database = opened(tmp_path)
    record_run(recorder(database))
    assert [row.damage for row in list_runs(place_in(tmp_path))] == [None]
    with database.begin() as connection:
        connection.execute(text(f"UPDATE trace_run SET {damage}"))  # noqa: S608  # of the list above
    (row,) = list_runs(place_in(tmp_path))
    assert row.damage is not None
    assert row.damage.startswith(damage.partition(" ")[0])
    with pytest.raises(StateError, match=f"{RUN}' is not as it was recorded"):
        stats(database, EVERY)


def test_a_damaged_cost_of_a_call_is_told_of_where_it_is_added_up(tmp_path: Path) -> None:
    database = opened(tmp_path)
    record_run(recorder(database))
    # Of the vote alone: replace() makes text of what is packed.
    damage = 'UPDATE trace_event SET body = replace(body, \'"cost_usd":"0.0021"\', :words) '
    damage += "WHERE kind = 'vote_cast'"
    with database.begin() as connection:
        connection.execute(text(damage), {"words": '"cost_usd":"-"'})
    with pytest.raises(StateError, match="a cost of '-' is not as it was recorded"):
        stats(database, EVERY)


def read_all(store: TraceStore) -> list[str]:
    return [store.blobs.get(name) for one in store.events(RUN) for _, name in one.event.texts()]
