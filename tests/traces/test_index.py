from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import StateError
from tests.traces.handmade import AS_OF, ended, opened, recorder, started
from traces.index import find_runs, list_runs

ROOT = Path(__file__).parents[2]
RUNS = (
    ("one", "btc-1", "BTC/USD", "approved", []),
    ("one", "btc-2", "BTC/USD", "denied", ["RR_BELOW_MIN", "STALE_DATA"]),
    ("one", "eth-1", "ETH/USD", "denied", ["XRR_BELOW_MIN"]),
    ("two", "btc-1", "BTC/USD", "no_trade", []),
    ("two", "b%c_1", "BTC/USD", "no_trade", []),
)


def listed(folder: Path) -> Path:
    database = opened(folder)
    for n, (session, run_id, symbol, outcome, codes) in enumerate(RUNS):
        to = recorder(database, session=session)
        to.record(run_id, "observe", started(symbol, AS_OF + timedelta(hours=n)))
        to.record(run_id, "record", ended(outcome, codes=codes))
    database.close()
    return folder / "plangate.sqlite"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["b%c_1", "btc-1", "eth-1", "btc-2", "btc-1"]),
        ({"limit": 2}, ["b%c_1", "btc-1"]),
        ({"session": "one"}, ["eth-1", "btc-2", "btc-1"]),
        ({"symbol": "ETH/USD"}, ["eth-1"]),
        ({"outcome": "denied"}, ["eth-1", "btc-2"]),
        ({"code": "RR_BELOW_MIN"}, ["btc-2"]),
        ({"code": "STALE_DATA"}, ["btc-2"]),
        ({"code": "RR%"}, []),
        ({"session": "one", "outcome": "approved"}, ["btc-1"]),
        ({"session": "'; DROP TABLE trace_run; --"}, []),
    ],
)
def test_runs_are_listed_newest_first_and_filtered(
    tmp_path: Path, wanted: dict[str, str], found: list[str]
) -> None:
    assert [row.run_id for row in list_runs(listed(tmp_path), **wanted)] == found


@pytest.mark.parametrize(
    ("prefix", "found"),
    [("btc", 3), ("btc-1", 2), ("eth-1", 1), ("b%", 1), ("b%c_", 1), ("b_c", 0), ("x", 0)],
)
def test_runs_are_found_by_how_their_id_begins(tmp_path: Path, prefix: str, found: int) -> None:
    assert len(find_runs(listed(tmp_path), prefix)) == found


def test_without_a_database_there_are_no_runs_and_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    assert list_runs(path) == []
    assert find_runs(path, "x") == []
    assert not path.exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plangate.sqlite"
    path.write_text("no database\n" * 100)
    with pytest.raises(StateError, match=r"plangate\.sqlite"):
        list_runs(path)


def test_listing_works_beside_a_writer_and_in_odd_folders(tmp_path: Path) -> None:
    path = listed(tmp_path / "a?b#c %20")
    database = opened(path.parent)
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
