"""Where a test's databases are: by default files, for some tests a PostgreSQL server as well.

A test that asks for `each_database` runs once on either; whatever it opens by `place_in` is then a
file in that folder, or a schema of the folder's own.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.postgres_server import schema_url, server_url
from traces.place import Place, Server

ROOT = Path(__file__).parents[1]
KINDS = ("sqlite", "postgresql")
MEMORY = Path("/dev/shm")  # noqa: S108  # whoever uses it makes a folder of their own in it
"""A killed process leaves the same files here as on a disk, and nothing waits for one."""
_kind = os.environ.get("TEST_DATABASES", "sqlite")


def scratch() -> Path:
    """A new folder, in memory where there is such a place."""
    return Path(tempfile.mkdtemp(prefix="plangate-", dir=MEMORY if MEMORY.is_dir() else None))


def use(kind: str) -> None:
    """From now on `place_in` names places of this kind."""
    global _kind  # one test runs at a time in a process
    _kind = kind


def environment() -> dict[str, str]:
    """What a process of its own needs to find the same places."""
    if _kind == "sqlite":
        return {}
    return {"TEST_DATABASES": _kind, "TEST_POSTGRES": server_url()}


def run_until_killed(code: str, folder: Path) -> None:
    """Run code that kills its own process, over the same places, with the folder as its word."""
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment(), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL


def place_in(folder: Path, name: str = "plangate.sqlite") -> Place:
    """The database of that name in a folder."""
    if _kind == "sqlite":
        return folder / name
    schema = "t" + hashlib.sha256(str(folder / name).encode()).hexdigest()[:20]
    return Server(schema_url(schema), folder)
