"""What was damaged is told of in words, and where to look."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from domain.errors import StateError
from tests.traces.handmade import RUN, opened, record_run, recorder
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


def read_all(store: TraceStore) -> list[str]:
    return [store.blobs.get(name) for one in store.events(RUN) for _, name in one.event.texts()]
