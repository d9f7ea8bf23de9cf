from __future__ import annotations

from pathlib import Path

import pytest

from tests.traces.handmade import RUN, ended, opened, record_run, recorder, started
from traces.following import after, last_key, newest

pytestmark = pytest.mark.usefixtures("each_database")


def test_the_newest_events_come_oldest_first_and_then_what_follows(tmp_path: Path) -> None:
    database = opened(tmp_path)
    assert (last_key(database), newest(database, 3)) == (0, [])
    record_run(recorder(database))
    shown = newest(database, 2)
    assert [seen.event.kind for seen in shown] == ["certified", "run_ended"]
    last = last_key(database)
    assert last == shown[-1].id
    other = recorder(opened(tmp_path), session="other")
    other.record(RUN, "observe", started())
    assert after(database, last) == []
    other.record(RUN, "record", ended("no_trade"))
    found = after(database, last)
    assert [(seen.session, seen.node) for seen in found] == [
        ("other", "observe"),
        ("other", "record"),
    ]
    assert after(database, last, "made") == []
    assert [seen.event.kind for seen in newest(database, 1, "made")] == ["run_ended"]
