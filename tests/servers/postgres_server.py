"""A throw-away PostgreSQL, one a test run: started on first use, shared by xdist's workers.

It listens on a Unix socket in a temporary folder and is deleted with the last worker that used it.
Where `TEST_POSTGRES` names a server, as `postgresql+psycopg://...`, that one is used; each test has
a schema of its own there.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def _started() -> tuple[str, str]:
    """The server's address, and why there is none."""
    if given := os.environ.get("TEST_POSTGRES"):
        return given, ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says so where there is no XDG_RUNTIME_DIR
            import pgserver

            run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
            if run is None:
                folder = Path(tempfile.mkdtemp(prefix="plangate-pg-"))
            else:
                folder = Path(tempfile.gettempdir()) / f"plangate-pg-{run}"
                folder.mkdir(exist_ok=True)
            server = pgserver.get_server(folder, cleanup_mode="delete")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        _without_fsync(url)
        return url, ""
    except Exception as error:  # noqa: BLE001  # whatever keeps it from starting is the reason to skip
        return "", f"no PostgreSQL can be started here: {error!r}"


def server_url() -> str:
    """The server's address, without a schema; skips the test where it cannot be started."""
    url, reason = _started()
    if reason:
        pytest.skip(reason)
    return url


def _without_fsync(url: str) -> None:
    """Nothing here has to outlive a power cut."""
    with _connected(url) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


def _connected(url: str) -> Any:
    import psycopg

    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def schema_url(name: str) -> str:
    """The address of a schema of that name, which is made where it lacks."""
    url = server_url()
    with _connected(url) as connection:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
