"""`plangate traces`: what looks at recorded decisions, over one small session."""

from __future__ import annotations

import json
import signal
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from jsonschema import Draft202012Validator

from tests.e2e.command import COMMAND, ROOT, environment, plangate, unasked

SCHEMAS = ROOT / "docs" / "schemas"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    window = ("BTC/USD", "--market", "box", "--from", "2019-04-06T12:00", "--to", "2019-04-07")
    words = ("--every", "2", "--policy", unasked(folder))
    for name in ("one", "two"):
        assert plangate(folder, "run", *window, *words, "--session", name).code == 0
    return folder


def test_decisions_are_chosen_and_what_there_is_instead_is_said(home: Path) -> None:
    words = ("traces", "list", "--session", "one")
    every = plangate(home, *words, "--json").document["runs"]
    later = plangate(home, *words, "--since", "2019-04-06T20:00", "--json").document["runs"]
    assert 0 < len(later) < len(every)
    assert {row["run_id"] for row in later} < {row["run_id"] for row in every}
    said = plangate(home, *words, "--text", "breakout -nowhere", "--json").document["runs"]
    search = plangate(home, "traces", "search", "breakout", "--session", "one", "--json").document
    assert {row["run_id"] for row in said} == {row["run_id"] for row in search["found"]} != set()
    nothing = plangate(home, *words, "--since", "30d", "--max-cost", "1")
    assert (nothing.code, nothing.out) == (0, "")
    assert "sessions one, two; symbols BTC/USD; outcomes" in nothing.err
    for wrong in (
        ("--since", "soon"),
        ("--min-cost", "-1"),
        ("--since", "1h", "--until", "2h"),
        ("--text", '"two words"'),
    ):
        refused = plangate(home, *words, *wrong)
        assert (refused.code, refused.out) == (2, "")
        assert wrong[0] in refused.err


def test_a_node_a_prompt_and_the_bytes_of_a_decision_are_shown(home: Path) -> None:
    row = plangate(home, "traces", "list", "--code", "RR_BELOW_MIN", "--json").document["runs"]
    runs = row or plangate(home, "traces", "list", "--json").document["runs"]
    show = ("traces", "show", runs[0]["run_id"], "--session", runs[0]["session"])
    assert "├──  1 observe " in plangate(home, *show, "--node", "plan").out
    assert plangate(home, *show, "--prompt", "1").out.startswith("════ message 1 of 2: system\n")
    prompt = plangate(home, *show, "--prompt", "-1", "--json").document
    assert {m["type"] for m in prompt["messages"]} >= {"system", "human"}
    lines = [json.loads(line) for line in plangate(home, *show, "--raw").out.splitlines()]
    assert json.loads(lines[0]["body"])["kind"] == lines[0]["kind"] == "run_started"
    assert {"text", "content"} == set(lines[-1])
    for wrong in (("--node", "nowhere"), ("--prompt", "99"), ("--prompt", "1", "--raw")):
        refused = plangate(home, *show, *wrong)
        assert (refused.code, refused.out) == (2, "")


def test_figures_of_the_chosen_decisions_are_added_up(home: Path) -> None:
    every = plangate(home, "traces", "stats", "--json").document
    one = plangate(home, "traces", "stats", "--session", "one", "--json").document
    assert every["decisions_count"] == 2 * one["decisions_count"] > 0
    assert one["nodes"]["plan"]["model_calls"] == one["models"]["count"] > 0
    shown = plangate(home, "traces", "stats", "--session", "one")
    assert shown.err == ""
    assert "call_tools" in shown.out
    nothing = plangate(home, "traces", "stats", "--model", "other")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no decision fits" in nothing.err


def test_what_is_recorded_is_followed_until_interrupted(home: Path, tmp_path: Path) -> None:
    newest = plangate(home, "traces", "tail", "-n", "3", "--json").out.splitlines()
    kinds = [json.loads(line)["kind"] for line in newest]
    assert len(kinds) == 3
    words = ("traces", "tail", "-f", "-n", "1")
    with Popen([*COMMAND, *words], env=environment(home), stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert kinds[-1] in process.stdout.readline().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    nothing = plangate(tmp_path, "traces", "tail")
    assert (nothing.code, nothing.out) == (0, "")
    assert "plangate run" in nothing.err
    assert list(tmp_path.iterdir()) == []


def test_what_was_wanted_is_held_against_what_was_filled(home: Path) -> None:
    found = plangate(home, "traces", "wanted", "--session", "one", "--json").document
    fills = plangate(home, "report", "--session", "one", "--json").document["trades"]
    orders = plangate(home, "orders", "--session", "one", "--status", "filled", "--json").document
    entries = [order for order in orders["orders"] if order["leg"] == "entry"]
    had = [row for row in found["wanted"] if row["filled_quantity"] is not None]
    assert [row["filled_quantity"] for row in had] == [order["filled"] for order in entries]
    assert len(had) >= len(fills) > 0
    denied = [row for row in found["wanted"] if not row["approved"]]
    assert {row["wanted_quantity"] for row in denied} == {None}
    assert all(row["codes"] for row in denied)
    assert found["sums"]["proposed_count"] == len(found["wanted"]) > len(denied) > 0
    (money,) = found["sums"]["by_currency"].values()
    notional = sum(Decimal(r["filled_quantity"]) * Decimal(r["filled_price"]) for r in had)
    assert Decimal(money["filled_notional"]) == notional
    text = plangate(home, "traces", "wanted", "--session", "one")
    assert (text.code, text.err) == (0, "")
    assert "denied RR_BELOW_MIN" in " ".join(text.out.split())
    assert plangate(home, "traces", "wanted", "--since", "1h", "--until", "2h").code == 2
    nothing = plangate(home, "traces", "wanted", "--symbol", "ETH/USD")
    assert (nothing.code, nothing.out) == (0, "")


def test_a_session_is_written_as_tables_whose_lines_fit_their_schemas(
    home: Path, tmp_path: Path
) -> None:
    made = {}
    for table in ("signals", "bars", "summary"):
        file = tmp_path / f"{table}.jsonl"
        done = plangate(home, "export", table, "-o", str(file), "--session", "one", "--json")
        made[table] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert done.document["rows_count"] == len(made[table])
        check = Draft202012Validator(json.loads((SCHEMAS / f"{table}.json").read_text("utf-8")))
        for row in made[table]:
            check.validate(row)
    (summary,) = made["summary"]
    runs = plangate(home, "traces", "list", "--session", "one", "--json").document["runs"]
    decided = {row["run_id"] for row in made["bars"] if row["decided"]}
    assert decided == {row["run_id"] for row in runs}
    assert (summary["decisions_count"], summary["bars_count"]) == (len(runs), len(made["bars"]))
    assert summary["proposed_count"] == len(made["signals"])
    telemetry = Draft202012Validator(json.loads((SCHEMAS / "telemetry.json").read_text("utf-8")))
    for line in (home / "telemetry.jsonl").read_text("utf-8").splitlines():
        telemetry.validate(json.loads(line))
    assert plangate(home, "export", "bars", "-o", "x.xls").code == 2
    assert plangate(tmp_path, "export", "bars", "-o", "x.csv").code == 6


def test_two_decisions_are_compared_across_sessions(home: Path) -> None:
    rows = plangate(home, "traces", "list", "--session", "one", "--json").document["runs"]
    newest, oldest = rows[0]["run_id"], rows[-1]["run_id"]
    words = ("traces", "diff", newest, newest[:14])
    same = plangate(home, *words, "--session", "one", "--session", "two")
    assert same.code == 0, same.err
    assert "equal: the same was seen" in same.out
    other = plangate(home, "traces", "diff", newest, oldest, "--session", "one")
    assert other.out.splitlines()[2].startswith("first difference: event 2, observe (snapshot_")
    assert plangate(home, *words[:3], "nothing").code == 6
