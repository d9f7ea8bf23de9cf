"""Bundles: what goes out comes in again, byte for byte, and nothing that was changed does."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.errors import ConfigError, StateError
from tests.traces.handmade import AS_OF, RUN, opened, record_run, recorder, started
from traces.bundle import load_bundle, read_bundle, write_bundle
from traces.bundle_file import EVENTS, MOST_LINES, lines_of, write_parts
from traces.bundled import COLUMNS
from traces.chain import link
from traces.database import Database
from traces.verify import verify_runs
from traces.whole_file import whole_file

HERE = [("made", RUN)]


@pytest.fixture
def made(tmp_path: Path) -> Database:
    database = opened(tmp_path / "from")
    record_run(recorder(database))
    return database


@pytest.fixture
def bundle(made: Database, tmp_path: Path) -> Path:
    path = tmp_path / "x.plangate"
    write_bundle(made, HERE, path, {"plangate": "0"})
    return path


def rewritten(bundle: Path, entry: str, change: dict[bytes, bytes]) -> Path:
    """The archive with bytes of one entry in place of others."""
    with zipfile.ZipFile(bundle) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in change.items():
        assert old in parts[entry]
        parts[entry] = parts[entry].replace(old, new, 1)
    other = bundle.with_name("other.plangate")
    with zipfile.ZipFile(other, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    return other


def test_what_is_bundled_is_there_again_and_verifies(
    made: Database, bundle: Path, tmp_path: Path
) -> None:
    other = opened(tmp_path / "to")
    assert load_bundle(read_bundle(bundle, AS_OF), other) == HERE
    assert load_bundle(read_bundle(bundle, AS_OF), other) == []
    before, after = recorder(made).store, recorder(other).store
    assert after.events(RUN) == before.events(RUN)
    found = verify_runs(other, HERE)
    assert (found.broken, found.events_count) == ([], len(before.events(RUN)))


@pytest.mark.parametrize(
    ("entry", "old", "new", "words"),
    [
        ("events.jsonl", b"7012.5", b"7013.5", "events.jsonl has the hash"),
        ("texts.jsonl", b"You plan", b"You burn", "texts.jsonl has the hash"),
        ("manifest.json", b"bundle/1", b"bundle/9", "expected 'plangate.bundle/1'"),
        ("manifest.json", b'"runs":[{', b'"runs":[[', "no bundle of plangate that is whole"),
    ],
)
def test_one_changed_byte_is_refused(
    bundle: Path, entry: str, old: bytes, new: bytes, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_bundle(rewritten(bundle, entry, {old: new}), AS_OF)


def test_whoever_makes_the_outer_hashes_anew_meets_the_chain(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        raw, manifest = archive.read("events.jsonl"), json.loads(archive.read("manifest.json"))
    changed = raw.replace(b"7012.5", b"7013.5", 1)
    hashed = hashlib.blake2b(changed, digest_size=16).hexdigest().encode()
    other = rewritten(bundle, "events.jsonl", {raw: changed})
    was = manifest["hashes"]["events.jsonl"].encode()
    with pytest.raises(ConfigError, match="ends with hash"):
        read_bundle(rewritten(other, "manifest.json", {was: hashed}), AS_OF)


def test_other_entries_and_other_files_are_refused(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("../../evil", b"no")
    with pytest.raises(ConfigError, match="it holds"):
        read_bundle(bundle, AS_OF)
    (tmp_path / "text.plangate").write_text("hello", encoding="utf-8")
    with pytest.raises(ConfigError, match="no bundle of plangate"):
        read_bundle(tmp_path / "text.plangate", AS_OF)
    with pytest.raises(ConfigError, match="cannot read"):
        read_bundle(tmp_path / "absent.plangate", AS_OF)


def test_a_run_that_was_changed_or_has_not_ended_is_not_bundled(
    made: Database, tmp_path: Path
) -> None:
    to = recorder(made)
    to.record("begun", "observe", started())
    to.flush()
    with pytest.raises(StateError, match="has not ended"):
        write_bundle(made, [("made", "begun")], tmp_path / "n.plangate", {})
    with made.begin() as connection:
        connection.execute(text("UPDATE trace_event SET at_ms = 5 WHERE kind = 'revised'"))
    with pytest.raises(StateError, match="was changed since it was recorded"):
        write_bundle(made, HERE, tmp_path / "c.plangate", {})
    assert not list(tmp_path.glob("*.plangate"))


def test_another_run_of_that_name_is_not_written_over(bundle: Path, tmp_path: Path) -> None:
    other = opened(tmp_path / "to")
    to = recorder(other)
    record_run(to)
    to.record(RUN, "venue", to.store.events(RUN)[-1].event)
    to.flush()
    with pytest.raises(StateError, match="has another run"):
        load_bundle(read_bundle(bundle, AS_OF), other)


Change = Callable[[dict[str, Any], list[list[Any]]], object]


def resealed(bundle: Path, change: Change) -> Path:
    """A file whose maker changed what it says, and made every hash in it anew."""
    with zipfile.ZipFile(bundle) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    rows = [json.loads(line) for line in parts["events.jsonl"].splitlines()]
    change(manifest["runs"][0], rows)
    head = ""
    for row in rows:
        head = link(head, dict(zip(COLUMNS, row, strict=True)))
    manifest["runs"][0]["head"] = head
    raw = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    manifest["hashes"]["events.jsonl"] = hashlib.blake2b(raw, digest_size=16).hexdigest()
    other = bundle.with_name("resealed.plangate")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("events.jsonl", raw)
        archive.writestr("texts.jsonl", parts["texts.jsonl"])
    return other


def listing(name: str, value: object) -> Change:
    return lambda run, _: run["listing"].update({name: value})


def named(name: str, value: str) -> Change:
    place = COLUMNS.index(name)

    def change(run: dict[str, Any], rows: list[list[Any]]) -> None:
        run["listing"][name] = value
        for row in rows:
            row[place] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (listing("cost_usd", "lots"), "cost_usd"),
        (listing("cost_usd", "9999"), "listed with cost_usd '9999'"),
        (listing("as_of_ms", 10**30), "as_of_ms"),
        (listing("outcome", {"a": 1}), "outcome"),
        (listing("duration_ms", float("nan")), "duration_ms"),
        (named("run_id", "x\x1b[31m"), "moves a terminal"),
        (named("run_id", "\ud800"), "run_id"),
        (named("session", "../../x"), "names a place"),
        (lambda run, _: run.update(events_count=10**6), "events, not 1000000"),
        (lambda _, rows: rows.append(rows[0]), "events of no run"),
        (lambda _, rows: [row.__setitem__(4, "filled") for row in rows], "is no 'filled'"),
        (lambda run, rows: (rows.pop(), run.update(events_count=len(rows))), "has no end"),
    ],
)
def test_what_no_recorder_wrote_is_refused_though_every_hash_fits(
    bundle: Path, change: Change, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_bundle(resealed(bundle, change), AS_OF)


@pytest.mark.parametrize("place", ["at_ms", "recorded_ms"])
def test_what_says_it_was_recorded_in_the_future_is_refused(bundle: Path, place: str) -> None:
    later = int(AS_OF.timestamp() * 1000) + 1

    def change(run: dict[str, Any], rows: list[list[Any]]) -> None:
        if place == "recorded_ms":
            run["listing"]["recorded_ms"] = later
        else:
            rows[3][COLUMNS.index("at_ms")] = later

    with pytest.raises(
        ConfigError, match=r"was recorded at 2019-05-12T14:00:00\.001000Z, expected"
    ):
        read_bundle(resealed(bundle, change), AS_OF)


def _interrupted(path: Path) -> None:
    with whole_file(path, new=True) as file:
        file.write(b"PK")
        raise KeyboardInterrupt


def test_what_ends_the_writing_leaves_no_half_of_a_file(made: Database, tmp_path: Path) -> None:
    path = tmp_path / "to" / "half.plangate"
    path.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        _interrupted(path)
    assert list(path.parent.iterdir()) == []
    write_bundle(made, HERE, path, {})
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="is there already"):
        write_bundle(made, HERE, path, {})
    assert (path.read_bytes(), len(list(path.parent.iterdir()))) == (before, 1)


def test_what_would_take_memory_without_end_is_refused_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "x.plangate"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(50):
            archive.writestr(str(number), "")
    with pytest.raises(ConfigError, match="its list of entries has 2390 bytes"):
        read_bundle(path, AS_OF)
    many = b"\n" * (MOST_LINES + 1)
    with pytest.raises(ValueError, match="more than 1000000 lines"):
        list(lines_of(many))
    with pytest.raises(StateError, match="name fewer runs"):
        write_parts(tmp_path / "y.plangate", {EVENTS: many})


def test_what_is_resealed_as_it_was_is_read(bundle: Path) -> None:
    assert read_bundle(resealed(bundle, lambda _run, _rows: None), AS_OF) == read_bundle(
        bundle, AS_OF
    )


def test_other_packing_than_its_own_is_refused(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_LZMA) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    with pytest.raises(ConfigError, match="packed by methods"):
        read_bundle(bundle, AS_OF)


def test_nothing_is_put_into_a_session_of_the_state_folders_own(
    bundle: Path, tmp_path: Path
) -> None:
    other = opened(tmp_path / "to")
    with pytest.raises(StateError, match="is one of this state folder"):
        load_bundle(read_bundle(bundle, AS_OF), other, own=["made"])
    assert load_bundle(read_bundle(bundle, AS_OF), other, own=["another"]) == HERE
    assert load_bundle(read_bundle(bundle, AS_OF), other, own=["made"]) == []
