"""A whole session, as `plangate run` makes it, in a process that is copied or dies at its commits.

Just before each commit of the journal, and just after, the folder is looked at; what has changed in
either database since then is a state that a death can leave. The commits of the checkpoint file lie
between two of the journal's, so none of theirs is missed.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from tests.crash.rows import Rows, rows
from tests.e2e.command import FORKS, environment, play

DATABASE, CHECKPOINTS = "plangate.db", "checkpoints.db"
HEADER_BYTES = 48
"""Of SQLite's index of its log: counts commits, and holds their checksum."""
SENDING = "-sending"
"""At the end of a state's name: an order was just marked as being sent."""

POLICY = """
breakeven_after_r_ratio = 0.2
trail_after_r_ratio = 0.3
trail_atr_ratio = 1.0
"""
"""Stops that move, so that there are amendments too."""


class Market(NamedTuple):
    """A stretch of the synthetic market on which the rules planner does something."""

    seed: int
    start: str
    end: str
    every: int

    def words(self, policy: Path) -> tuple[str, ...]:
        """The command that runs the session."""
        return (
            *("run", "BTC/USDT", "ETH/USDT", "--market", "synthetic", "--seed", str(self.seed)),
            *("--timeframe", "1h", "--every", str(self.every), "--from", self.start),
            *("--to", self.end, "--policy", str(policy), "--session", "one", "--json"),
        )


TARGETS = Market(18, "2024-03-01T12:00", "2024-03-01T20:00", 2)
"""Two entries, stops that are moved, two targets, funding."""
STOPS = Market(2, "2024-03-01T00:00", "2024-03-01T12:00", 1)
"""Three entries, each of which meets its stop."""


class Commits:
    """Hears of every commit of its process; keeps the folder as it is then, or dies.

    Args:
        home: The session's folder.
        into: Where copies go; None to make none.
        die_at: At which change of the files to die; None to live.
    """

    def __init__(self, home: Path, into: Path | None, die_at: int | None) -> None:
        self.home, self.into, self.die_at = home, into, die_at
        self.states = 0
        self._seen: tuple[bytes, ...] = ()
        self._sends = False

    def listen(self) -> None:
        """To every engine of this process."""
        event.listen(Engine, "before_cursor_execute", self._told)
        event.listen(Engine, "commit", self._look)
        event.listen(Pool, "checkin", self._look)

    def _told(
        self, _c: object, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        self._sends |= statement.startswith("UPDATE") and "'sending'" in repr(values)

    def _look(self, *_: object) -> None:
        seen = tuple(self._header(name) for name in (DATABASE, CHECKPOINTS))
        if seen == self._seen:
            return
        self._seen = seen
        self.states += 1
        if self.states == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.into is not None:
            copied(self.home, self.into / f"{self.states:05}{SENDING if self._sends else ''}")
        self._sends = False

    def _header(self, name: str) -> bytes:
        try:
            with (self.home / f"{name}-shm").open("rb") as file:
                return file.read(HEADER_BYTES)
        except FileNotFoundError:
            return b""


def copied(home: Path, to: Path) -> Path:
    """What a dead process leaves of a folder; SQLite makes its index anew."""
    to.mkdir()
    for path in home.iterdir():
        if path.suffix not in {".lock", ".db-shm"}:
            shutil.copy(path, to / path.name)
    return to


def watched(words: Sequence[str], home: Path, into: Path | None, die_at: int | None) -> None:
    """The command in this process, which hears of its own commits."""
    Commits(home, into, die_at).listen()
    outside = home.parent / f"{home.name}.out", home.parent / f"{home.name}.err"
    play(words, environment(home), str(home), *map(str, outside))


def started(
    words: Sequence[str], home: Path, *, into: Path | None = None, die_at: int | None = None
) -> ForkServerProcess:
    """Run or go on with the session in a process of its own."""
    process = FORKS.Process(target=watched, args=(words, home, into, die_at))
    process.start()
    return process


def run(
    words: Sequence[str], home: Path, *, into: Path | None = None, die_at: int | None = None
) -> int:
    """The same to its end; its exit code, negative if killed."""
    process = started(words, home, into=into, die_at=die_at)
    process.join(timeout=100)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(f"a session in {home} took longer than 100 s")
    return process.exitcode


def record(home: Path) -> Rows:
    """Everything that the session has to show."""
    return rows(home / DATABASE)
