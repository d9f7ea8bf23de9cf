"""Recorded runs in one file: whole, verified, small; read with bounds, and nothing in it is run.

A zip archive of three entries: `manifest.json` (what is in it, the end of each run's chain, hashes
of the other two), `events.jsonl` and `texts.jsonl`. Nothing is unpacked to disk. A file in which
one byte was changed is refused whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.clock import to_ms
from domain.errors import ConfigError, StateError
from domain.strict_json import canonical
from traces.blobs import Blobs
from traces.bundle_file import EVENTS, MANIFEST, TEXTS, lines_of, read_parts, refuse, write_parts
from traces.bundled import (
    COLUMNS,
    BundledRun,
    Unsound,
    bundled_runs,
    require_past,
    require_sound,
    require_text,
)
from traces.chain import Run, head_of
from traces.database import Database
from traces.events import EVENT, FORKS
from traces.store import TraceStore
from traces.tables import METADATA
from traces.verify import verify_runs

SCHEMA = "plangate.bundle/1"
MOST_RUNS = 20_000

_EVENTS = METADATA.tables["trace_event"]
_RUNS = METADATA.tables["trace_run"]


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
        StateError: a run is not as it was recorded, is not ended, or was pruned; or they are more
            than would be read again.
        ConfigError: the file is there already, or cannot be written.
    """
    if len(runs) > MOST_RUNS:
        raise StateError(f"{len(runs)} runs are more than the {MOST_RUNS} of one bundle; name some")
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
        EVENTS: _lines(list(row.values()) for run in bundled for row in run.events),
        TEXTS: _lines([name, text] for name, text in texts.items()),
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
    write_parts(path, {MANIFEST: canonical(manifest).encode(), **parts})
    return bundle


def read_bundle(path: Path, now: datetime) -> Bundle:
    """What a file holds, once every hash in it was made anew.

    Args:
        path: The file.
        now: Nothing can have been recorded after it.

    Raises:
        ConfigError: it cannot be read, is no bundle, is too large, or was changed.
    """
    parts = read_parts(path)
    try:
        return _bundle(parts, to_ms(now))
    except Unsound as unsound:
        refuse(path, str(unsound))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"{str(path)!r} is no bundle of plangate that is whole: {error}"
        ) from error


def load_bundle(bundle: Bundle, database: Database, own: Collection[str] = ()) -> list[Run]:
    """Put a bundle's runs among those of a database; those that are there already stay.

    Args:
        bundle: What was read.
        database: Where to.
        own: Sessions that this database itself decides for: no other's run is put into them,
            since their next run of that name would go on with it.

    Raises:
        StateError: another run of the same session and name is there, or a session is `own`.
            Nothing was put anywhere.
    """
    new = [run for run in bundle.runs if not _is_there(database, run)]
    for run in new:
        if run.session.removesuffix(FORKS) in own:
            raise StateError(
                f"session {run.session!r} is one of this state folder, and lacks run "
                f"{run.run_id!r}; import into another state folder (PLANGATE_HOME)"
            )
    added = []
    for run in new:
        store = TraceStore(database, run.session)
        for name in _named(run):
            store.blobs.put(bundle.texts[name])
        if store.add(run.events, run.listing):
            added.append((run.session, run.run_id))
    return added


def _is_there(database: Database, run: BundledRun) -> bool:
    with database.read() as connection:
        there = head_of(connection, (run.session, run.run_id))
    if there is not None and there.head != run.head:
        raise StateError(
            f"session {run.session!r} has another run {run.run_id!r}; import into another "
            "state folder (PLANGATE_HOME)"
        )
    return there is not None


def _bundle(parts: dict[str, bytes], now_ms: int) -> Bundle:
    """What the entries say; each is let go of once it is read."""
    manifest = json.loads(parts.pop(MANIFEST))
    if manifest["schema"] != SCHEMA:
        raise Unsound(f"its schema is {str(manifest['schema'])[:80]!r}, expected {SCHEMA!r}")
    for name in (EVENTS, TEXTS):
        if (found := _hash(parts[name])) != (expected := manifest["hashes"][name]):
            raise Unsound(f"{name} has the hash {found!r}, expected {expected!r}")
    if len(manifest["runs"]) > MOST_RUNS:
        raise Unsound(f"it holds {len(manifest['runs'])} runs, more than {MOST_RUNS}")
    texts = {}
    for name, text in _parsed(parts.pop(TEXTS)):
        require_text(name, text)
        texts[name] = text
    runs = bundled_runs(manifest["runs"], _parsed(parts.pop(EVENTS)))
    for run in runs:
        require_sound(run, texts)
        require_past(run, now_ms)
    return Bundle(runs, texts, dict(manifest["about"]))


def _parsed(raw: bytes) -> Iterator[Any]:
    return (json.loads(line) for line in lines_of(raw))


def _run(database: Database, run: Run) -> BundledRun:
    session, run_id = run
    of = (_EVENTS.c.session == session) & (_EVENTS.c.run_id == run_id)
    columns = [_EVENTS.c[name] for name in COLUMNS]
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


def _lines(values: Iterator[Any]) -> bytes:
    dumped = (json.dumps(value, separators=(",", ":")) for value in values)
    return "".join(f"{line}\n" for line in dumped).encode()


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
