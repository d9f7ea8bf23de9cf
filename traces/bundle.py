"""Recorded runs in one file: whole, verified, small; read with bounds, and nothing in it is run.

A zip archive of three entries: `manifest.json` (what is in it, the end of each run's chain, hashes
of the other two), `events.jsonl` and `texts.jsonl`. Nothing is unpacked to disk. A file in which
one byte was changed is refused whole.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError
from sqlalchemy import select

from domain.errors import ConfigError, StateError
from domain.strict_json import canonical, content_hash
from traces.blobs import Blobs
from traces.chain import Run, head_of, link
from traces.database import Database
from traces.events import EVENT
from traces.store import TraceStore
from traces.tables import METADATA
from traces.verify import verify_runs

SCHEMA = "plangate.bundle/1"
SUFFIX = ".plangate"
MOST_PACKED_BYTES = 256 * 1024 * 1024
MOST_BYTES = 512 * 1024 * 1024
"""Of one entry, unpacked."""
MOST_RUNS = 100_000

_MANIFEST, _EVENTS_ENTRY, _TEXTS_ENTRY = "manifest.json", "events.jsonl", "texts.jsonl"
_EVENTS = METADATA.tables["trace_event"]
_RUNS = METADATA.tables["trace_run"]
_COLUMNS = ("session", "run_id", "at_ms", "node", "kind", "body")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BundledRun:
    """One run with everything it recorded."""

    session: str
    run_id: str
    head: str
    """Hash of its last event; it covers all of them."""
    listing: Row
    """Its place in the list of decisions."""
    events: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a file holds."""

    runs: tuple[BundledRun, ...]
    texts: Mapping[str, str]
    """By their hash."""
    about: Mapping[str, Any]
    """Which release wrote it, and how its sessions were configured."""


def write_bundle(
    database: Database, runs: Sequence[Run], path: Path, about: Mapping[str, Any]
) -> Bundle:
    """Write these runs to a new file; all or nothing.

    Raises:
        StateError: a run is not as it was recorded, is not ended, or was pruned.
        ConfigError: the file is there already, or cannot be written.
    """
    broken = verify_runs(database, runs).broken
    if broken:
        raise StateError(
            f"run {broken[0].run_id!r} was changed since it was recorded, and is not bundled: "
            f"{broken[0].sentence}; see: plangate traces verify {broken[0].run_id}"
        )
    bundled = tuple(_run(database, run) for run in runs)
    texts = _texts(Blobs(database), bundled)
    bundle = Bundle(bundled, texts, about)
    parts = {
        _EVENTS_ENTRY: _lines(list(row.values()) for run in bundled for row in run.events),
        _TEXTS_ENTRY: _lines([name, text] for name, text in texts.items()),
    }
    manifest = {
        "schema": SCHEMA,
        "about": dict(about),
        "runs": [
            {"head": run.head, "events_count": len(run.events), "listing": run.listing}
            for run in bundled
        ],
        "hashes": {name: _hash(raw) for name, raw in parts.items()},
    }
    _write(path, {_MANIFEST: canonical(manifest).encode(), **parts})
    return bundle


def read_bundle(path: Path) -> Bundle:
    """What a file holds, once every hash in it was made anew.

    Raises:
        ConfigError: it cannot be read, is no bundle, is too large, or was changed.
    """
    parts = _read(path)
    try:
        manifest = json.loads(parts[_MANIFEST])
        if manifest["schema"] != SCHEMA:
            _refuse(path, f"its schema is {manifest['schema']!r}, expected {SCHEMA!r}")
        for name, expected in manifest["hashes"].items():
            if (found := _hash(parts[name])) != expected:
                _refuse(path, f"{name} has the hash {found!r}, expected {expected!r}")
        texts = dict(json.loads(line) for line in parts[_TEXTS_ENTRY].splitlines())
        rows = iter([json.loads(line) for line in parts[_EVENTS_ENTRY].splitlines()])
        runs = tuple(_read_run(told, rows) for told in manifest["runs"][:MOST_RUNS])
        bundle = Bundle(runs, texts, manifest["about"])
        _require_sound(path, bundle)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        StopIteration,
    ) as error:
        raise ConfigError(
            f"{str(path)!r} is no bundle of plangate that is whole: {error}"
        ) from error
    return bundle


def load_bundle(bundle: Bundle, database: Database) -> list[Run]:
    """Put a bundle's runs among those of a database; those that are there already stay.

    Raises:
        StateError: another run of the same session and name is there.
    """
    added = []
    for run in bundle.runs:
        with database.read() as connection:
            there = head_of(connection, (run.session, run.run_id))
        if there is not None:
            if there.head != run.head:
                raise StateError(
                    f"session {run.session!r} has another run {run.run_id!r}; import into another "
                    "state folder (PLANGATE_HOME)"
                )
            continue
        store = TraceStore(database, run.session)
        for name in _named(run):
            store.blobs.put(bundle.texts[name])
        store.write([dict(row) for row in run.events], [run.listing])
        added.append((run.session, run.run_id))
    return added


def _run(database: Database, run: Run) -> BundledRun:
    session, run_id = run
    of = (_EVENTS.c.session == session) & (_EVENTS.c.run_id == run_id)
    columns = [_EVENTS.c[name] for name in _COLUMNS]
    with database.read() as connection:
        head = head_of(connection, run)
        rows = connection.execute(select(*columns).where(of).order_by(_EVENTS.c.id)).mappings()
        events = tuple(dict(row) for row in rows)
        mine = (_RUNS.c.session == session) & (_RUNS.c.run_id == run_id)
        listed = connection.execute(select(_RUNS).where(mine)).mappings().one_or_none()
    if head is None or listed is None or head.pruned_count:
        why = "was pruned" if head is not None and head.pruned_count else "has not ended"
        raise StateError(f"run {run_id!r} {why}, so that there is no whole decision to bundle")
    return BundledRun(session, run_id, head.head, dict(listed), events)


def _texts(blobs: Blobs, runs: Sequence[BundledRun]) -> dict[str, str]:
    names = dict.fromkeys(name for run in runs for name in _named(run))
    return {name: blobs.get(name) for name in names}


def _named(run: BundledRun) -> Iterator[str]:
    for row in run.events:
        for _, name in EVENT.validate_json(row["body"]).texts():
            yield name


def _read_run(told: Row, rows: Iterator[list[Any]]) -> BundledRun:
    listing = {column.name: told["listing"][column.name] for column in _RUNS.columns}
    events = tuple(
        dict(zip(_COLUMNS, next(rows), strict=True)) for _ in range(told["events_count"])
    )
    return BundledRun(listing["session"], listing["run_id"], told["head"], listing, events)


def _require_sound(path: Path, bundle: Bundle) -> None:
    """Every event on the one before it, every text what its hash says, and none missing."""
    for name, text in bundle.texts.items():
        if content_hash(text) != name:
            _refuse(path, f"text {name!r} was changed")
    for run in bundle.runs:
        _require_chained(path, run)
        try:
            missing = next((name for name in _named(run) if name not in bundle.texts), None)
        except ValidationError as error:
            told = error.errors(include_url=False)[0]["msg"]
            _refuse(path, f"an event of run {run.run_id!r} cannot be read: {told}")
        if missing is not None:
            _refuse(path, f"text {missing!r} of run {run.run_id!r} is not in it")


def _require_chained(path: Path, run: BundledRun) -> None:
    head = ""
    for number, row in enumerate(run.events, 1):
        if (row["session"], row["run_id"]) != (run.session, run.run_id):
            _refuse(path, f"event {number} of run {run.run_id!r} is another run's")
        head = link(head, row)
    if head != run.head:
        _refuse(path, f"run {run.run_id!r} ends with hash {head!r}, expected {run.head!r}")


def _refuse(path: Path, why: str) -> NoReturn:
    raise ConfigError(f"bundle {str(path)!r} is not as it was written: {why}; get it again")


def _lines(values: Iterator[Any]) -> bytes:
    dumped = (json.dumps(value, separators=(",", ":")) for value in values)
    return "".join(f"{line}\n" for line in dumped).encode()


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _write(path: Path, parts: Mapping[str, bytes]) -> None:
    try:
        with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in parts.items():
                archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise ConfigError(f"{str(path)!r} is there already; name another file") from None
    except OSError as error:
        raise ConfigError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _read(path: Path) -> dict[str, bytes]:
    """The three entries, whatever the archive claims about their sizes."""
    try:
        if path.stat().st_size > MOST_PACKED_BYTES:
            _refuse(path, f"it is larger than {MOST_PACKED_BYTES} bytes")
        with zipfile.ZipFile(path) as archive:
            names = sorted(archive.namelist())
            if names != sorted((_MANIFEST, _EVENTS_ENTRY, _TEXTS_ENTRY)):
                _refuse(path, f"it holds {names[:5]}")
            return {name: _entry(path, archive, name) for name in names}
    except OSError as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ConfigError(f"{str(path)!r} is no bundle of plangate: {error}") from error


def _entry(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as entry:
        raw = entry.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        _refuse(path, f"{name} is larger than {MOST_BYTES} bytes")
    return raw
