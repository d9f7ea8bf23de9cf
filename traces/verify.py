"""Finds what was changed in recorded runs: events, their order, their texts, and the listing.

Every hash is made anew from what is stored. Read only; one moment of the database a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import zstandard
from pydantic import ValidationError
from sqlalchemy import Connection, select, union

from domain.errors import StateError
from domain.strict_json import content_hash
from traces.chain import Head, Run, head_of, link
from traces.database import Database
from traces.events import EVENT, FORKS, RunEnded
from traces.listed import listed_otherwise
from traces.stored_text import read_blob
from traces.tables import METADATA

_EVENTS = METADATA.tables["trace_event"]
_RUNS = METADATA.tables["trace_run"]
_CHAINS = METADATA.tables["trace_chain"]


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that is not as it was recorded."""

    session: str
    run_id: str
    number: int | None
    """Of the event in its run, from 1; None where it is about the run as a whole."""
    node: str | None
    kind: str | None
    sentence: str
    """What is wrong, what was expected and what was found."""


@dataclass(slots=True)
class Verified:
    """What came of looking."""

    runs_count: int
    events_count: int
    texts_count: int
    late_count: int
    """Events chained by an upgrade, after they had been recorded: sound only from then on."""
    pruned_runs_count: int
    """Of the runs: these lack events, which `traces prune` took out."""
    pruned_events_count: int
    broken: list[Broken]


def runs_of(database: Database, session: str | None = None) -> list[Run]:
    """Every run of which anything is kept, of one session or of all, in order of their names."""
    parts = [
        select(table.c.session, table.c.run_id).where(
            session is None or table.c.session == session  # type: ignore[arg-type]  # True is allowed
        )
        for table in (_EVENTS, _RUNS, _CHAINS)
    ]
    with database.read() as connection:
        return sorted((row.session, row.run_id) for row in connection.execute(union(*parts)))


def newest_session(database: Database) -> str | None:
    """The session that ended a run last, forks aside; None where none has."""
    own = _RUNS.c.session.not_like(f"%{FORKS}")
    newest = select(_RUNS.c.session).where(own).order_by(_RUNS.c.recorded_ms.desc()).limit(1)
    with database.read() as connection:
        return connection.execute(newest).scalar_one_or_none()


def newest_runs(database: Database, session: str, limit: int) -> list[Run]:
    """The runs of a session that decided for the latest moments, the newest first."""
    wanted = (
        select(_RUNS.c.run_id)
        .where(_RUNS.c.session == session)
        .order_by(_RUNS.c.as_of_ms.desc())
        .limit(limit)
    )
    with database.read() as connection:
        return [(session, run_id) for run_id in connection.execute(wanted).scalars()]


def verify_runs(database: Database, runs: Iterable[Run]) -> Verified:
    """Make every hash of these runs anew and hold it against what is kept."""
    found = Verified(0, 0, 0, 0, 0, 0, [])
    sound: dict[str, str | None] = {}
    for run in runs:
        with database.read() as connection:
            head = head_of(connection, run)
            rows = connection.execute(_events_of(run)).mappings().all()
            found.broken += _chain_breaks(run, rows, head)
            found.broken += _text_breaks(connection, run, enumerate(rows, _first(head)), sound)
            found.broken += _listing_breaks(connection, run, rows)
        found.runs_count += 1
        found.events_count += len(rows)
        if head is not None:
            found.late_count += max(0, head.late_count - head.pruned_count)
            found.pruned_runs_count += head.pruned_count > 0
            found.pruned_events_count += head.pruned_count
    found.texts_count = len(sound)
    return found


def _events_of(run: Run) -> Any:
    session, run_id = run
    mine = (_EVENTS.c.session == session) & (_EVENTS.c.run_id == run_id)
    return select(_EVENTS).where(mine).order_by(_EVENTS.c.id)


def _first(head: Head | None) -> int:
    """The number of the first event that is left."""
    return head.pruned_count + 1 if head else 1


def _chain_breaks(run: Run, rows: Any, head: Head | None) -> Iterator[Broken]:
    before = head.pruned_head if head else ""
    for number, row in enumerate(rows, _first(head)):
        expected = link(before, row)
        if expected != row["hash"]:
            yield _at(
                run, number, row,
                f"its hash is {row['hash']!r}, expected {expected!r}: it or the one before it was "
                "changed, taken out or put in",
            )  # fmt: skip
        before = row["hash"]
    if head is None:
        yield Broken(*run, None, None, None, "where its chain ends is not kept any more")
    elif (before, head.pruned_count + len(rows)) != (head.head, head.events_count):
        yield Broken(
            *run, None, None, None,
            f"it ends with event {head.pruned_count + len(rows)} and hash {before!r}, expected "
            f"{head.events_count} events and hash {head.head!r}",
        )  # fmt: skip


def _text_breaks(
    connection: Connection, run: Run, numbered: Any, sound: dict[str, str | None]
) -> Iterator[Broken]:
    for number, row in numbered:
        try:
            event = EVENT.validate_json(row["body"])
        except ValidationError as error:
            told = error.errors(include_url=False)[0]["msg"]
            yield _at(run, number, row, f"it cannot be read: {told}")
            continue
        for field, name in event.texts():
            if name not in sound:
                sound[name] = _complaint(connection, name)
            if complaint := sound[name]:
                yield _at(run, number, row, f"its {field}, text {name!r}, {complaint}")


def _complaint(connection: Connection, name: str) -> str | None:
    """What is wrong with a text; None: nothing."""
    try:
        found = content_hash(read_blob(connection, name))
    except StateError:
        return "is not there"
    except (zstandard.ZstdError, UnicodeDecodeError):
        return "was changed: it cannot be unpacked"
    return None if found == name else f"was changed: it has the hash {found!r}"


def _listing_breaks(connection: Connection, run: Run, rows: Any) -> Iterator[Broken]:
    """The row that listings show says what the last end of the run said."""
    session, run_id = run
    mine = (_RUNS.c.session == session) & (_RUNS.c.run_id == run_id)
    listed = connection.execute(select(_RUNS).where(mine)).mappings().one_or_none()
    ends = [row["body"] for row in rows if row["kind"] == "run_ended"]
    if listed is None or not ends:
        if listed is not None or ends:
            lacks = "it is listed, and its end" if listed else "it ended, and its place in the list"
            yield Broken(*run, None, None, None, f"{lacks} is not there any more")
        return
    try:
        end = EVENT.validate_json(ends[-1])
    except ValidationError:
        return  # told of already
    assert isinstance(end, RunEnded)  # noqa: S101  # by its kind
    for sentence in listed_otherwise(dict(listed), end):
        yield Broken(*run, None, None, None, sentence)


def _at(run: Run, number: int, row: Any, sentence: str) -> Broken:
    return Broken(*run, number, row["node"], row["kind"], sentence)
