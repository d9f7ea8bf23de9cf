"""`plangate paper`, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, ROOT, environment, plangate

EXAMPLES = ROOT / "examples" / "paper"


def write(folder: Path, document: object) -> str:
    path = folder / "script.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return str(path)


def test_a_script_is_played_and_shown(tmp_path):
    ran = plangate(tmp_path, "paper", "simulate", str(EXAMPLES / "stop-gapped.json"))
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "91.5",
        "the ledger equals its log replayed from zero",
        "✓  F2",
        "equity 9991.3085",
    ):
        assert words in ran.out
    assert list(tmp_path.iterdir()) == []  # no trace in the state folder


def test_a_script_from_standard_input_gives_one_document(tmp_path):
    text = (EXAMPLES / "two-symbols.json").read_bytes()
    done = subprocess.run(
        [*COMMAND, "paper", "simulate", "-", "--json"],
        input=text,
        env=environment(tmp_path),
        capture_output=True,
        timeout=100,
        check=True,
    )
    document = json.loads(done.stdout)
    kept = ROOT / "tests" / "snapshots" / "paper" / "two-symbols.json"
    assert document == json.loads(kept.read_text("utf-8"))
    assert document["schema"] == "plangate.paper/1"


def test_the_page_names_every_field_and_its_example_is_real(tmp_path):
    page = (ROOT / "docs" / "paper-venue.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    schema = plangate(tmp_path, "paper", "schema").document
    sections = [*schema["$defs"].values(), schema]
    fields = {name for body in sections for name in body.get("properties", {})}
    assert fields - named == set()
    assert "$ plangate paper simulate examples/paper/target-then-stop.json" in page
    ran = plangate(tmp_path, "paper", "simulate", str(EXAMPLES / "target-then-stop.json"))
    shown = page.split("target-then-stop.json\n")[1].split("```")[0]
    assert [line.rstrip() for line in shown.splitlines()] == [
        line.rstrip() for line in ran.out.splitlines()
    ]
    for path in EXAMPLES.glob("*.json"):
        assert path.stem in page


@pytest.mark.parametrize(
    ("bars", "code", "words"),
    [
        ("[[0, 100, NaN, 99, 100, 50]]", 2, "NaN is not a number we accept"),
        ("[[1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]]", 3, "unsorted"),
    ],
)
def test_a_wrong_script_ends_with_its_code_and_no_traceback(tmp_path, bars, code, words):
    market = f'"instruments": {{"A/USDT": {{}}}}, "bars": {{"A/USDT": {bars}}}'
    text = f'{{"description": "x", {market}, "events": []}}'
    ran = plangate(tmp_path, "paper", "simulate", write(tmp_path, text), "--json")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err


def test_what_is_no_file_is_refused(tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for path, words in (
        ("none.json", "No such file"),
        (str(tmp_path), "no regular file"),
        (str(fifo), "no regular file; name one, or - for standard input"),
    ):
        ran = plangate(tmp_path, "paper", "simulate", path)
        assert ran.code == 2
        assert words in ran.err
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"description": "caf\xe9"}')
    assert "not UTF-8" in plangate(tmp_path, "paper", "simulate", str(latin)).err
