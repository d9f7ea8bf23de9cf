"""Ways for a process to die, and what it leaves.

What a killed process leaves is what it had written: the database file and its log of changes. The
walk therefore stops at every opcode of broker, journal and database, and takes a copy of the files
whenever a commit has changed them; every other opcode leaves the same files as one of these.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
TRACED = tuple(f"{ROOT}/{part}" for part in ("broker/", "journal/", "traces/database.py"))
FILE = "plangate.sqlite"
HEADER_BYTES = 48
"""Of SQLite's index of its log: counts commits, and holds their checksum."""


class Walked(NamedTuple):
    """What a walk came by."""

    opcodes: int
    states: list[Path]
    """One folder for each state of the files, in order."""


class _Walker:
    def __init__(self, folder: Path, into: Path) -> None:
        self.folder, self.into = folder, into
        self.opcodes = 0
        self.states: list[Path] = []
        self._seen = b""
        self._index: mmap.mmap | None = None

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            if not frame.f_code.co_filename.startswith(TRACED):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            self.opcodes += 1
            self._look()
        return self.trace

    def _look(self) -> None:
        if self._index is None:
            path = self.folder / f"{FILE}-shm"
            if not path.exists() or path.stat().st_size < HEADER_BYTES:
                return
            with path.open("rb") as file:
                self._index = mmap.mmap(file.fileno(), HEADER_BYTES, access=mmap.ACCESS_READ)
        header = self._index[:HEADER_BYTES]
        if header != self._seen:
            self._seen = header
            copy = self.into / f"{len(self.states):04}"
            copy.mkdir()
            for name in (FILE, f"{FILE}-wal"):
                if (self.folder / name).exists():
                    shutil.copy(self.folder / name, copy / name)
            self.states.append(copy)


def walk(act: Callable[[], None], folder: Path, into: Path) -> Walked:
    """Do it, stopping at every opcode."""
    walker = _Walker(folder, into)
    sys.settrace(walker.trace)
    try:
        act()
    finally:
        sys.settrace(None)
    return Walked(walker.opcodes, walker.states)


def stopped_at(act: Callable[[], None], opcode: int) -> None:
    """Do it and die, without a last word, before the opcode of this number."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "call":
            if not frame.f_code.co_filename.startswith(TRACED):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            count += 1
            if count == opcode:
                os._exit(9)
        return trace

    sys.settrace(trace)
    act()


def forked(act: Callable[[], None]) -> int:
    """The process id of a copy of this process that does it; 0 is its exit code when it could."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    except BaseException as error:  # noqa: BLE001  # a child must not return into the test
        os.write(2, f"child: {error!r}\n".encode())
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Its exit code; negative for the signal that it died of."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(child: int, seconds: float) -> int:
    """Kill it for good after a while, unless it has ended by then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    return ended(child)
