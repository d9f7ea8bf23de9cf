"""Recorded decisions handed on as one file, and replayed from it: here, elsewhere, in a test.

A test of yours may hold a decision fast, so that it fails when it would come out otherwise:

    from app.bundles import assert_exact

    def test_the_denial_of_may_still_comes_out() -> None:
        assert_exact("denied.plangate")
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.clock import SystemClock
from app.home import DATABASE, database_place
from app.replaying import Progress, replays, wanted_runs
from app.trace_reader import run_named
from journal.reading import JournalReader, session_names
from traces.bundle import Bundle, load_bundle, read_bundle, write_bundle
from traces.database import Database
from traces.tables import METADATA


def exported(prefixes: Sequence[str], session: str | None, path: Path) -> dict[str, Any]:
    """Write runs, or without any a whole session, to a bundle.

    Raises:
        StateError: no such run, or one that is not as it was recorded.
        ConfigError: the file is there already, or cannot be written.
    """
    place = database_place()
    rows = [run_named(place, prefix, session) for prefix in prefixes]
    runs = list(dict.fromkeys((row.session, row.run_id) for row in rows))
    with closing(Database.open(place, METADATA)) as database:
        if not runs:
            _, runs = wanted_runs(database, None, session)
        known = set(session_names(database))
        sessions = {
            name: JournalReader(database, name).config()
            for name in dict.fromkeys(name for name, _ in runs)
            if name in known
        }
        about = {"plangate": version("plangate"), "sessions": sessions}
        bundle = write_bundle(database, runs, path, about)
    return _document(path, bundle) | {"size_bytes": path.stat().st_size}


def imported(path: Path) -> dict[str, Any]:
    """Put a bundle's runs among those of the state folder.

    Raises:
        ConfigError: it is no bundle, or was changed.
        StateError: another run of the same name is there, or the session is one of its own.
    """
    bundle = read_bundle(path, SystemClock().now())
    with closing(Database.open(database_place(), METADATA)) as database:
        added = load_bundle(bundle, database, session_names(database))
    return _document(path, bundle) | {"added_count": len(added)}


def verified_bundle(path: Path) -> dict[str, Any]:
    """What a bundle holds, once it was verified.

    Raises:
        ConfigError: it is no bundle, or was changed.
    """
    return _document(path, read_bundle(path, SystemClock().now()))


async def replayed_bundle(path: Path, progress: Progress) -> dict[str, Any]:
    """Every decision of a bundle made again, as `app.replaying` does.

    Raises:
        ConfigError: it is no bundle, or was changed.
    """
    bundle = read_bundle(path, SystemClock().now())
    with (
        TemporaryDirectory() as folder,
        closing(Database.open(Path(folder) / DATABASE, METADATA)) as database,
    ):
        load_bundle(bundle, database)
        runs = [(run.session, run.run_id) for run in bundle.runs]
        return await replays(database, runs, progress)


def assert_exact(path: Path | str) -> None:
    """Fail, as tests do, where a decision of a bundle would not come out as it was recorded.

    Raises:
        AssertionError: naming the first decision that differs, its node and both values.
        ConfigError: it is no bundle, or was changed.
    """
    document = asyncio.run(replayed_bundle(Path(path), lambda _made, _total: None))
    for found in document["differences"]:
        raise AssertionError(
            f"{found['run_id']} differs at {found['node']}, {found['where']}: "
            f"expected {found['expected']}, found {found['found']}"
        )
    for missing in document["not_replayable"]:
        raise AssertionError(missing["sentence"])


def _document(path: Path, bundle: Bundle) -> dict[str, Any]:
    return {
        "schema": "plangate.traces.bundle/1",
        "path": str(path),
        "plangate": bundle.about.get("plangate"),
        "sessions": sorted({run.session for run in bundle.runs}),
        "runs_count": len(bundle.runs),
        "events_count": sum(len(run.events) for run in bundle.runs),
        "texts_count": len(bundle.texts),
    }
