from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.export_columns import TABLES, json_schema
from app.export_file import read_frame, write_table
from domain.errors import ConfigError, DataError, StateError
from tests.app.schemas import FOLDER
from tests.traces.handmade import RUN, ended, opened, record_run, recorder, started
from traces.telemetry import append_line, decision_line

FORMATS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")
VALUES = {
    "text": "BTC/USD",
    "words": "=2+2 \x1b[31m\u202e",
    "decimal": "-0.10",
    "number": 1.5,
    "integer": 3,
    "flag": True,
    "moment": "2019-05-12T14:00:00Z",
    "list": ["A"],
    "object": {},
}


def rows(name: str) -> list[dict[str, Any]]:
    """One row with everything, and one with what may be lacking absent."""
    full = {column.name: VALUES[column.kind] for column in TABLES[name]}
    bare = {c.name: None if c.is_nullable else VALUES[c.kind] for c in TABLES[name]}
    return [full, bare, full | {"flag": False}]


@pytest.mark.parametrize("name", TABLES)
def test_the_published_schema_is_that_of_the_columns(name: str) -> None:
    published = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert published == json_schema(name)
    Draft202012Validator.check_schema(published)


@pytest.mark.parametrize("name", ["signals", "bars", "summary"])
def test_every_format_gives_the_same_frame(tmp_path: Path, name: str) -> None:
    frames = []
    for suffix in FORMATS:
        write_table(tmp_path / f"x.{suffix}", name, rows(name))
        frames.append(read_frame(tmp_path / f"x.{suffix}"))
    words = [column.name for column in TABLES[name] if column.kind == "words"]
    for frame in frames:
        assert list(frame.columns) == [column.name for column in TABLES[name]]
        assert frame.drop(columns=words).equals(frames[0].drop(columns=words))
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize("name", ["signals", "bars", "summary"])
def test_every_json_line_fits_the_schema(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.jsonl"
    write_table(path, name, rows(name))
    check = Draft202012Validator(json_schema(name))
    for line in path.read_text(encoding="utf-8").splitlines():
        check.validate(json.loads(line))


def test_words_of_strangers_are_no_formula_and_move_no_terminal(tmp_path: Path) -> None:
    write_table(tmp_path / "x.csv", "signals", rows("signals"))
    text = (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert ",'=2+2 \\x1b[31m\\u202e\n" in text
    assert ",-0.10," in text
    assert "\x1b" not in text
    write_table(tmp_path / "x.jsonl", "signals", rows("signals"))
    assert "\x1b" not in (tmp_path / "x.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", ["=1+1", "@SUM(A1)", "-2", "\n=1", "\uff1dcmd|' /C calc'!A0"])
def test_a_cell_that_begins_as_a_formula_is_a_text(tmp_path: Path, words: str) -> None:
    (row, *_) = rows("bars")
    write_table(tmp_path / "x.csv", "bars", [row | {"reason": words}])
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        (cells,) = csv.DictReader(file)
    assert cells["reason"].startswith("'")


def test_every_line_of_telemetry_fits_its_schema_and_is_a_frame(tmp_path: Path) -> None:
    to = recorder(opened(tmp_path))
    record_run(to)
    to.record("quiet", "observe", started())
    to.record("quiet", "record", ended("quiet"))
    path = tmp_path / "telemetry.jsonl"
    for run in (RUN, "quiet"):
        append_line(path, decision_line("made", run, to.store.events(run)))
    check = Draft202012Validator(json_schema("telemetry"))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        check.validate(line)
    assert {c.name for c in TABLES["telemetry"]} >= set(lines[0]) - {"schema"}
    frame = read_frame(path)
    assert list(frame.outcome) == ["approved", "quiet"]
    assert frame.slippage_bps[0] == pytest.approx(2.956)


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x\.xls'.*\.csv"):
        write_table(tmp_path / "x.xls", "bars", [])
    with pytest.raises(StateError, match="cannot write"):
        write_table(tmp_path / "no" / "x.csv", "bars", [])
    with pytest.raises(StateError, match="cannot read"):
        read_frame(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="columns a, b"):
        read_frame(tmp_path / "other.csv")
    (tmp_path / "bad.jsonl").write_text("{\n")
    with pytest.raises(DataError, match="bad"):
        read_frame(tmp_path / "bad.jsonl")
