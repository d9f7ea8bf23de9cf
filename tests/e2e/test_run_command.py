"""`plangate run` from outside: repeatable, resumable, interruptible, one document on stdout."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest

from app.home import DATABASE
from domain.errors import StateError
from tests.e2e.command import COMMAND, Ran, environment, plangate
from traces.index import list_runs

WINDOW = ("--from", "2019-04-01", "--to", "2019-04-21", "--every", "6")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def whole(home: Path) -> Ran:
    """Session `s` of `home`, in one go."""
    ran = plangate(home, "run", *WINDOW, "--session", "s", "--json")
    assert ran.code == 0, ran.err
    return ran


def test_two_runs_give_the_same_bytes_and_the_ledger_equals_its_fills(
    whole: Ran, tmp_path: Path
) -> None:
    assert plangate(tmp_path, "run", *WINDOW, "--session", "s", "--json").out == whole.out
    document = whole.document
    assert document["schema"] == "plangate.run/1"
    assert len(document["decisions"]) == 80
    assert document["account"]["replayed_from_fills"]["equal"] is True
    assert document["cost"]["usd"] == "0"
    assert "no advice" in document["disclaimer"] or "not advice" in document["disclaimer"]


def test_a_session_in_parts_equals_the_session_in_one_go(whole: Ran, tmp_path: Path) -> None:
    for _ in range(2):
        ran = plangate(tmp_path, "run", *WINDOW, "--session", "s", "--decisions", "25", "--json")
        assert ran.code == 0, ran.err
    assert len(ran.document["decisions"]) == 50
    assert plangate(tmp_path, "run", *WINDOW, "--session", "s", "--json").out == whole.out


def test_ctrl_c_loses_nothing_and_the_session_goes_on(whole: Ran, tmp_path: Path) -> None:
    words = ["run", *WINDOW, "--session", "s", "--json"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and not _decisions_recorded(tmp_path):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "--session s" in err
    assert "Traceback" not in err
    assert 0 < len(json.loads(out)["decisions"]) < 80
    assert plangate(tmp_path, *words).out == whole.out


def _decisions_recorded(home: Path) -> bool:
    try:
        return len(list_runs(home / DATABASE)) > 2
    except StateError:  # its tables are being made
        return False


def test_people_get_a_table_with_a_revision_and_where_the_trace_lies(home: Path) -> None:
    ran = plangate(home, "run", *WINDOW, "--session", "people")
    assert ran.code == 0, ran.err
    for words in ("decisions with a plan", "denied", "approved", "max drawdown", "plangate traces"):
        assert words in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 100


@pytest.mark.usefixtures("whole")
def test_a_report_has_figures_and_a_page(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ran = plangate(home, "report", "--session", "s", "--html", str(page), "--json")
    assert ran.code == 0, ran.err
    document = ran.document
    assert document["schema"] == "plangate.report/1"
    assert sum(document["selectivity"]["outcomes"].values()) == 80
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "<script" not in text
    assert "promise nothing" in text


@pytest.mark.usefixtures("whole")
def test_a_trace_can_be_shown_and_fits_a_terminal(home: Path) -> None:
    runs = plangate(home, "traces", "list", "--session", "s", "--outcome", "approved", "--json")
    run_id = runs.document["runs"][0]["run_id"]
    shown = plangate(home, "traces", "show", run_id, "--session", "s")
    assert shown.code == 0, shown.err
    assert "propose_plan" in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 100
    as_json = plangate(home, "traces", "show", run_id, "--session", "s", "--json")
    assert as_json.document


def test_another_market_under_the_same_name_is_refused(home: Path) -> None:
    plangate(home, "run", *WINDOW, "--session", "mine", "--decisions", "1", "--json")
    ran = plangate(home, "run", *WINDOW, "--session", "mine", "--capital", "500", "--json")
    assert ran.code == 6
    assert "capital" in ran.err
    assert ran.out == ""


def test_capital_is_scaled_without_changing_decisions(tmp_path: Path) -> None:
    few = (*WINDOW, "--decisions", "12", "--json")
    small = plangate(tmp_path, "run", *few, "--session", "a", "--capital", "10000")
    large = plangate(tmp_path, "run", *few, "--session", "b", "--capital", "20000")
    assert [d["run_id"] for d in small.document["decisions"]] == [
        d["run_id"] for d in large.document["decisions"]
    ]
    assert Decimal(large.document["account"]["capital"]) == 20000
