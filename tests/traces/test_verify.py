from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, get_args

import pytest
import zstandard
from sqlalchemy import text

from domain.errors import StateError
from domain.strict_json import content_hash
from tests.places import run_until_killed
from tests.traces.handmade import RUN, ended, opened, record_run, recorder, started
from tests.traces.stored import FORMER, former
from tests.traces.test_recorder import KILLED, revised
from traces import chain
from traces.database import Database
from traces.events import Event, ToolAnswered
from traces.happening import texts_in
from traces.tables import METADATA
from traces.verify import Verified, newest_runs, newest_session, runs_of, verify_runs

pytestmark = pytest.mark.usefixtures("each_database")


def change(database: Database, statement: str, **values: Any) -> None:
    """Somebody's hand on the database."""
    with database.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def looked_at(database: Database, session: str | None = None) -> Verified:
    return verify_runs(database, runs_of(database, session))


def found(database: Database) -> list[tuple[int | None, str | None, str | None]]:
    return [(b.number, b.node, b.kind) for b in looked_at(database).broken]


@pytest.fixture
def made(tmp_path: Path) -> Database:
    """One run, and another of the same session."""
    database = opened(tmp_path)
    to = recorder(database)
    record_run(to)
    record_run(to, "other")
    return database


def test_what_was_recorded_verifies(made: Database) -> None:
    verified = looked_at(made)
    assert (verified.broken, verified.runs_count, verified.late_count) == ([], 2, 0)
    assert verified.events_count == 2 * len(recorder(made).store.events(RUN))
    assert verified.texts_count > 8
    assert runs_of(made, "none") == []
    assert newest_session(made) == "made"
    assert newest_runs(made, "made", 1) in ([("made", RUN)], [("made", "other")])


@pytest.mark.parametrize(
    ("column", "value"),
    [("at_ms", 5), ("node", "plan "), ("kind", "revised"), ("run_id", "other"), ("hash", "0" * 32)],
)
def test_a_changed_part_of_an_event_is_named(made: Database, column: str, value: Any) -> None:
    change(
        made,
        f"UPDATE trace_event SET {column} = :value WHERE id = "  # noqa: S608  # from above
        "(SELECT min(id) + 2 FROM trace_event)",
        value=value,
    )
    broken = looked_at(made).broken
    assert (broken[0].run_id, broken[0].number) == (RUN, 3)
    assert "its hash is" in broken[0].sentence
    assert "expected" in broken[0].sentence


def test_one_byte_of_an_event_is_found_with_its_run_node_and_kind(made: Database) -> None:
    change(
        made,
        "UPDATE trace_event SET body = replace(body, '24}', '25}') "
        "WHERE kind = 'tool_answered' AND run_id = :run",
        run=RUN,
    )
    assert found(made) == [(9, "call_tools", "tool_answered")]
    assert looked_at(made).broken[0].run_id == RUN


def test_one_byte_of_a_tool_answer_is_found_with_who_names_it(made: Database) -> None:
    events = [item.event for item in recorder(made).store.events(RUN)]
    (name,) = [event.content for event in events if isinstance(event, ToolAnswered)]
    whole = recorder(made).read_blob(name)
    assert "7012" in whole
    packed = zstandard.compress(whole.replace("7012", "7013").encode())
    change(made, "UPDATE trace_blob SET data = :data WHERE hash = :name", data=packed, name=name)
    broken = looked_at(made).broken
    assert {b.run_id for b in broken} == {RUN, "other"}
    assert {(b.number, b.node, b.kind) for b in broken} == {(9, "call_tools", "tool_answered")}
    assert "its content, text" in broken[0].sentence
    assert content_hash(whole.replace("7012", "7013")) in broken[0].sentence
    change(made, "UPDATE trace_blob SET data = :data WHERE hash = :name", data=b"no", name=name)
    assert "cannot be unpacked" in looked_at(made).broken[0].sentence
    change(made, "DELETE FROM trace_blob WHERE hash = :name", name=name)
    assert "is not there" in looked_at(made).broken[0].sentence


def test_an_event_that_was_taken_out_is_noticed_wherever_it_stood(made: Database) -> None:
    ids = "SELECT {} FROM trace_event WHERE run_id = 'other'"
    change(made, f"DELETE FROM trace_event WHERE id = ({ids.format('max(id)')})")  # noqa: S608
    broken = looked_at(made).broken
    assert "it ends with event" in broken[0].sentence
    assert "its end is not there" in broken[1].sentence
    change(made, f"DELETE FROM trace_event WHERE id = ({ids.format('min(id) + 4')})")  # noqa: S608
    assert [b.number for b in looked_at(made).broken][:2] == [5, None]


def test_a_run_that_was_taken_out_whole_is_still_listed(made: Database) -> None:
    with made.begin() as connection:
        connection.execute(text("DELETE FROM trace_event WHERE run_id = 'other'"))
        connection.execute(text("DELETE FROM trace_chain WHERE run_id = 'other'"))
    said = [b.sentence for b in looked_at(made).broken]
    assert said[0].startswith("where its chain ends")
    assert len(said) == 2


def test_a_listing_that_says_something_else_is_noticed(made: Database) -> None:
    change(made, "UPDATE trace_run SET outcome = 'denied' WHERE run_id = 'other'")
    (broken,) = looked_at(made).broken
    assert broken.sentence == (
        "it is listed with outcome 'denied', expected 'approved' as it ended"
    )


def test_an_event_that_cannot_be_read_is_one_more_thing_wrong(made: Database) -> None:
    change(made, "UPDATE trace_event SET body = '{}' WHERE id = (SELECT max(id) FROM trace_event)")
    said = [b.sentence for b in looked_at(made).broken]
    assert "its hash is" in said[0]
    assert "it cannot be read" in said[1]


def test_recorders_in_turn_and_at_once_go_on_with_one_chain(tmp_path: Path) -> None:
    database = opened(tmp_path)
    one, two = recorder(database), recorder(opened(tmp_path))
    for to in (one, two, one, one, two, one):
        to.record(RUN, "plan", revised(to.blob("a")))
        to.record("other", "plan", revised(to.blob("b")))
        to.flush()
    assert looked_at(database).events_count == 12
    assert found(database) == []


def test_a_flush_that_failed_is_repeated_into_the_same_chain(tmp_path: Path) -> None:
    database = opened(tmp_path, busy_timeout_ms=20)
    to = recorder(database)
    for _ in range(2):
        to.record(RUN, "plan", revised(to.blob("a")))
        other = opened(tmp_path)
        with other.begin(), pytest.raises(StateError, match="locked"):
            to.flush()
        to.record(RUN, "plan", revised(to.blob("b")))
        to.flush()
    assert found(database) == []
    assert looked_at(database).events_count == 4


def test_a_rolled_back_end_is_read_anew(tmp_path: Path) -> None:
    database = opened(tmp_path)
    own = chain.Chain()
    event = {"session": "made", "run_id": RUN, "at_ms": 1, "node": "n", "kind": "k", "body": "{}"}
    for _ in range(2):
        with database.begin() as connection:
            own.append(connection, [event])
        with suppress(ZeroDivisionError), database.begin() as connection:
            own.append(connection, [event])
            _ = 1 / 0
    with database.read() as connection:
        end = chain.head_of(connection, ("made", RUN))
    assert end is not None
    assert end.events_count == 2
    assert not [b for b in looked_at(database).broken if "hash is" in b.sentence]


def test_more_runs_than_are_remembered_lose_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path)
    to = recorder(database)
    for _ in range(2):
        for n in range(chain.REMEMBERED_RUNS + 2):
            to.record(f"run-{n}", "plan", revised(to.blob("a")))
        to.flush()
    assert found(database) == []
    assert len(to.store._chain._ends) == chain.REMEMBERED_RUNS


def test_a_kill_between_flushes_leaves_a_chain_that_holds_and_goes_on(tmp_path: Path) -> None:
    run_until_killed(KILLED, tmp_path)
    database = opened(tmp_path)
    assert found(database) == []
    to = recorder(database)
    to.record(RUN, "observe", started())
    to.record(RUN, "record", ended())
    assert found(database) == []


@pytest.mark.parametrize("version", sorted(FORMER))
def test_traces_of_former_releases_are_chained_and_said_to_be_so_late(
    tmp_path: Path, each_database: str, version: int
) -> None:
    if each_database != "sqlite":
        pytest.skip("former releases left files")
    path = former(version, tmp_path / "old.db")
    bodies = [started().model_dump_json(), ended().model_dump_json()]
    rows = [("mine", "run", n, "observe", json.loads(b)["kind"], b) for n, b in enumerate(bodies)]
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO trace_event (session, run_id, at_ms, node, kind, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.commit()
    database = Database.open(path, METADATA)
    verified = looked_at(database, "mine")
    assert [b.sentence[:10] for b in verified.broken] == ["it ended, "]  # it was never listed
    assert verified.late_count == verified.events_count == 2
    assert looked_at(database).broken == verified.broken
    to = recorder(database, session="mine")
    to.record("run", "record", ended())
    again = looked_at(database, "mine")
    assert (again.broken, again.events_count, again.late_count) == ([], 3, 2)


def test_every_field_that_is_documented_as_a_text_is_verified() -> None:
    (joined, _) = get_args(Event)
    documented = {
        (kind, name)
        for kind in get_args(joined)
        for name, field in kind.model_fields.items()
        if (field.description or "").startswith("Blob hash")
    }
    verified = {(kind, name) for kind in get_args(joined) for name in texts_in(kind)}
    assert documented == verified
    assert len(verified) > 10
