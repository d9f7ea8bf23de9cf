"""One process a session: a lock that the operating system lets go of when the process ends.

Two processes on one session would each keep their own account in memory and fill the same orders
twice. The lock is a file beside the database; a crash leaves the file but not the lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import StateError


@contextmanager
def lease(home: Path, session: str) -> Iterator[None]:
    """Hold the session for as long as the block runs.

    Raises:
        StateError: another process holds it.
    """
    path = home / f"{session}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(
                f"session {session!r} is run by another process; stop it, or use another --session"
            ) from error
        yield
    finally:
        os.close(handle)


def is_held(home: Path, session: str) -> bool:
    """Whether a process runs the session, as far as can be told from here."""
    try:
        handle = os.open(home / f"{session}.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
