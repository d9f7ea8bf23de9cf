"""Opens one recorded decision for reading, by the beginning of its id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from agent.picture import png_of
from app.home import database_place
from domain.errors import ConfigError, StateError
from traces import view
from traces.database import Database
from traces.diff import Side, diff
from traces.document import document as whole
from traces.events import FORK, Reviewed
from traces.index import RunRow, find_runs
from traces.place import Place
from traces.prompt_events import ChartDrawn
from traces.prompts import Prompt, prompts
from traces.store import TraceStore
from traces.tables import METADATA
from traces.visits import Visit, named, visits


@dataclass(frozen=True)
class Trace:
    """One run's events, ready to be shown."""

    store: TraceStore
    run_id: str

    def render(self, *, full: bool, nodes: Collection[str] = ()) -> str:
        """For a person, at most 100 columns.

        Raises:
            ConfigError: there is no such node.
        """
        recorded = self.store.events(self.run_id)
        return view.render(recorded, self.store.blobs.get, full=full, nodes=nodes).plain

    def document(self, nodes: Collection[str] = ()) -> dict[str, Any]:
        """For a program.

        Raises:
            ConfigError: there is no such node.
        """
        return whole(named(self._visits(), nodes), self.store.blobs.get)

    def prompt(self, number: int) -> Prompt:
        """The n-th prompt that a model was sent; -1 is the last.

        Raises:
            ConfigError: there is no such prompt.
        """
        sent = prompts(self.store.events(self.run_id))
        if not sent or (number != -1 and not 1 <= number <= len(sent)):
            there = f"1 to {len(sent)}, or -1 for the last" if sent else "none: nobody was asked"
            raise ConfigError(f"--prompt {number}: run {self.run_id} has {there}")
        return sent[number - 1 if number > 0 else number]

    def raw(self, nodes: Collection[str] = ()) -> Iterator[dict[str, Any]]:
        """Each event as it is stored, `body` byte for byte, then each text that one names.

        Raises:
            ConfigError: there is no such node.
        """
        found, rows = self._visits(), iter(self.store.rows(self.run_id))
        wanted = named(found, nodes)
        for visit in found:
            of_visit = list(islice(rows, len(visit.recorded)))
            yield from (row._asdict() for row in of_visit if visit in wanted)
        events = (item.event for visit in wanted for item in visit.recorded)
        for name in dict.fromkeys(name for event in events for _, name in event.texts()):
            yield {"text": name, "content": self.store.blobs.get(name)}

    def _visits(self) -> list[Visit]:
        return visits(self.store.events(self.run_id))

    def write_chart(self, path: Path) -> None:
        """Write the PNG that was drawn for the models that see.

        Raises:
            StateError: none was.
            ConfigError: the file cannot be written.
        """
        drawn = [e.event for e in self.store.events(self.run_id) if isinstance(e.event, ChartDrawn)]
        if not drawn:
            raise StateError(f"run {self.run_id} has no chart; none of its models takes pictures")
        try:
            path.write_bytes(png_of(self.store.blobs.get(drawn[-1].picture)))
        except OSError as error:
            raise ConfigError(f"cannot write {str(path)!r}: {error.strerror}") from error


@contextmanager
def read_trace(prefix: str, session: str | None) -> Iterator[Trace]:
    """The one run whose id begins with `prefix`.

    Raises:
        StateError: none, or more than one, naming them.
    """
    place = database_place()
    row = run_named(place, prefix, session)
    database = Database.open(place, METADATA)
    try:
        yield Trace(TraceStore(database, row.session), row.run_id)
    finally:
        database.close()


def compare(a: str, b: str, sessions: Sequence[str]) -> dict[str, Any]:
    """Two decisions held against each other.

    Args:
        a: The beginning of a run id.
        b: Of the other.
        sessions: None, that of both, or that of each.

    Raises:
        ConfigError: more than two sessions are named.
        StateError: one of them is none, or not the only one.
    """
    if len(sessions) > 2:
        raise ConfigError(f"--session was given {len(sessions)} times; expected once or twice")
    of_a, of_b = (sessions[0], sessions[-1]) if sessions else (None, None)
    with read_trace(a, of_a) as one, read_trace(b, of_b) as other:
        named = {
            name: {"session": trace.store.session, "run_id": trace.run_id}
            for name, trace in (("a", one), ("b", other))
        }
        sides = [
            Side(trace.store.events(trace.run_id), trace.store.blobs.get) for trace in (one, other)
        ]
        return {"schema": "plangate.traces.diff/1", **named, **diff(*sides)}


def run_named(place: Place, prefix: str, session: str | None) -> RunRow:
    """The one run whose id begins with `prefix`.

    Raises:
        StateError: none, or more than one, naming them.
    """
    rows = [r for r in find_runs(place, prefix) if session is None or r.session == session]
    return _only(rows, prefix)


def _only(rows: list[RunRow], prefix: str) -> RunRow:
    if not rows:
        raise StateError(f"no run begins with {prefix!r}; see: plangate traces list")
    own = [row for row in rows if FORK in prefix or FORK not in row.run_id] or rows  # no forks
    exact = [row for row in own if row.run_id == prefix] or own
    if len(exact) > 1:
        named = ", ".join(f"{r.run_id} --session {r.session}" for r in exact[:6])
        raise StateError(f"{len(exact)} runs begin with {prefix!r}: {named}")
    return exact[0]


def read_case_text(prefix: str, session: str | None, version: int | None) -> str:
    """The case of a run's plan as the gate saw it, as JSON; the last version without a number.

    Raises:
        StateError: no such run, or no such plan, or it was recorded before cases were kept.
    """
    with read_trace(prefix, session) as trace:
        reviewed = [
            item.event
            for item in trace.store.events(trace.run_id)
            if isinstance(item.event, Reviewed) and item.event.stage == "review"
        ]
        kept = {event.version: event.case for event in reviewed}
        wanted = max(kept, default=0) if version is None else version
        found = kept.get(wanted)
        if found is None:
            known = ", ".join(str(number) for number in sorted(kept)) or "none"
            which = "no case" if version is None else f"no case of plan version {version}"
            raise StateError(f"run {trace.run_id} keeps {which}; versions reviewed: {known}")
        return trace.store.blobs.get(found)
