from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.clock import FixedClock, to_ms
from domain.errors import StateError
from tests.places import place_in
from tests.traces.handmade import AS_OF, ended, opened, recorder, started
from traces.chosen import Chosen
from traces.events import Reviewed
from traces.index import (
    Fired,
    count_unknown_cost,
    extent,
    find_runs,
    last_fired,
    list_runs,
)
from traces.place import Place, Server
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore

pytestmark = pytest.mark.usefixtures("each_database")

ROOT = Path(__file__).parents[2]
RUNS = (
    ("one", "btc-1", "BTC/USD", "approved", [], "0.02"),
    ("one", "btc-2", "BTC/USD", "denied", ["RR_BELOW_MIN", "STALE_DATA"], "0.100000000000"),
    ("one", "eth-1", "ETH/USD", "denied", ["XRR_BELOW_MIN"], None),
    ("two", "btc-1", "BTC/USD", "no_trade", [], "0"),
    ("two", "b%c_1", "BTC/USD", "no_trade", [], "0.000000000003"),
)


def ms(hours: int) -> int:
    return to_ms(AS_OF + timedelta(hours=hours))


def denied(code: str, sentence: str) -> Reviewed:
    """A review that found one thing wrong."""
    return Reviewed(
        plan_id="f" * 26,
        version=1,
        approved=False,
        codes=[code],
        findings=[{"code": code, "passed": False, "sentence": sentence}],
        bracket=None,
        stage="review",
    )


def listed(folder: Path) -> Place:
    database = opened(folder)
    for n, (session, run_id, symbol, outcome, codes, usd) in enumerate(RUNS):
        to = recorder(database, session=session)
        to.record(run_id, "observe", started(symbol, AS_OF + timedelta(hours=n)))
        to.record(run_id, "record", ended(outcome, codes=codes, cost_usd=usd))
    database.close()
    return place_in(folder)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["b%c_1", "btc-1", "eth-1", "btc-2", "btc-1"]),
        ({"session": "one"}, ["eth-1", "btc-2", "btc-1"]),
        ({"symbol": "ETH/USD"}, ["eth-1"]),
        ({"outcome": "denied"}, ["eth-1", "btc-2"]),
        ({"code": "RR_BELOW_MIN"}, ["btc-2"]),
        ({"code": "STALE_DATA"}, ["btc-2"]),
        ({"code": "RR%"}, []),
        ({"session": "one", "outcome": "approved"}, ["btc-1"]),
        ({"session": "'; DROP TABLE trace_run; --"}, []),
        ({"model": "rules", "symbol": "ETH/USD"}, ["eth-1"]),
        ({"model": "rule"}, []),
        ({"since_ms": ms(3)}, ["b%c_1", "btc-1"]),
        ({"since_ms": ms(1), "until_ms": ms(3)}, ["eth-1", "btc-2"]),
        ({"min_cost_usd": "0.02"}, ["btc-2", "btc-1"]),
        ({"max_cost_usd": "0.02"}, ["b%c_1", "btc-1", "btc-1"]),
        (
            {"min_cost_usd": "0.000000000002", "max_cost_usd": "0.1", "outcome": "no_trade"},
            ["b%c_1"],
        ),
    ],
)
def test_runs_are_listed_newest_first_and_filtered(
    tmp_path: Path, wanted: dict[str, Any], found: list[str]
) -> None:
    place = listed(tmp_path)
    rows = [row.run_id for row in list_runs(place, Chosen(**wanted))]
    assert rows == found
    assert [row.run_id for row in list_runs(place, Chosen(**wanted), limit=1)] == found[:1]


def test_a_filter_by_cost_says_how_many_decisions_nobody_knows_the_cost_of(tmp_path: Path) -> None:
    place = listed(tmp_path)
    assert count_unknown_cost(place, Chosen(min_cost_usd="9")) == 1
    assert count_unknown_cost(place, Chosen(min_cost_usd="0", symbol="BTC/USD")) == 0


def test_what_there_is_to_choose_from_is_told_in_short(tmp_path: Path) -> None:
    names = {"session": ["one", "two"], "symbol": ["BTC/USD", "ETH/USD"]}
    more = {"outcome": ["approved", "denied", "no_trade"], "model": ["rules"]}
    assert extent(listed(tmp_path)) == (5, ms(0), ms(4), names | more)
    assert extent(place_in(tmp_path, "none.sqlite")) is None


def test_a_filter_by_time_walks_an_index(tmp_path: Path) -> None:
    place = listed(tmp_path)
    if not isinstance(place, Path):
        return  # a server decides by its own figures, and takes a short table whole
    with closing(sqlite3.connect(place)) as connection:
        for more in ({}, {"session": "one"}, {"symbol": "BTC/USD"}, {"min_cost_usd": "1"}):
            where, values = Chosen(since_ms=1, **more).where()
            plan = connection.execute(
                f"EXPLAIN QUERY PLAN SELECT * FROM trace_run WHERE {where} "  # noqa: S608 - bound
                "ORDER BY as_of_ms DESC, recorded_ms DESC LIMIT 50",
                values,
            ).fetchall()
            assert "SEARCH trace_run USING INDEX ix_trace_run" in plan[0][3]
            assert "as_of_ms>?" in plan[0][3]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("btc", 3),
        ("btc-1", 2),
        ("eth-1", 1),
        ("b%", 1),
        ("b%c_", 1),
        ("b_c", 0),
        ("x", 0),
        ("BTC-", 3),
    ],
)
def test_runs_are_found_by_how_their_id_begins(tmp_path: Path, prefix: str, found: int) -> None:
    assert len(find_runs(listed(tmp_path), prefix)) == found


def test_a_run_is_found_without_looking_at_all_of_them(tmp_path: Path) -> None:
    listed(tmp_path)
    if isinstance(place_in(tmp_path), Server):
        pytest.skip("how a server looks for it depends on how many there are")
    with closing(sqlite3.connect(tmp_path / "plangate.sqlite")) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM trace_run WHERE run_id >= ? AND run_id < ? "
            "ORDER BY as_of_ms LIMIT 1000",
            ("btc-1", "btc-2"),
        ).fetchall()
    assert "USING INDEX ix_trace_run_id" in plan[0][3]


def test_without_a_database_there_are_no_runs_and_none_is_made(tmp_path: Path) -> None:
    place = place_in(tmp_path, "none.sqlite")
    assert list_runs(place) == []
    assert find_runs(place, "x") == []
    assert last_fired(place) == {}
    assert list(tmp_path.iterdir()) == []
    assert list_runs(place) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plangate.sqlite"
    path.write_text("no database\n" * 100)
    with pytest.raises(StateError, match=r"plangate\.sqlite"):
        list_runs(path)


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    gone = Server(f"postgresql+psycopg://me:opensesame@/x?host={tmp_path}", tmp_path)
    with pytest.raises(StateError, match="postgresql:///x' does not answer") as caught:
        list_runs(gone)
    assert "opensesame" not in str(caught.value)


def test_the_last_denial_by_a_code_is_found(tmp_path: Path) -> None:
    database = opened(tmp_path)
    for hours, run, sentence in ((1, "one", "1 < 2"), (3, "two", "0 < 2"), (2, "three", "\x00")):
        clock = FixedClock(AS_OF + timedelta(hours=hours))
        to = Recorder(TraceStore(database, "made"), Redactor({}), clock)
        to.record(run, "gate", denied("RR_BELOW_MIN", sentence))
        to.flush()
    at_ms = to_ms(AS_OF + timedelta(hours=3))
    assert last_fired(place_in(tmp_path)) == {
        "RR_BELOW_MIN": Fired("RR_BELOW_MIN", 3, "two", "made", at_ms, "0 < 2")
    }


def test_listing_works_beside_a_writer_and_in_odd_folders(tmp_path: Path) -> None:
    path = listed(tmp_path / "a?b#c %20")
    database = opened(tmp_path / "a?b#c %20")
    with database.begin():
        assert len(list_runs(path)) == len(RUNS)
    database.close()


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys, traces.index\n"
        "print(sorted({'sqlalchemy', 'pydantic', 'sqlmodel', 'rich'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_a_prefix_that_no_file_can_hold_finds_nothing(tmp_path: Path) -> None:
    assert find_runs(listed(tmp_path), "\udcff") == []
