"""A throw-away PostgreSQL, one a test run: started on first use, shared by xdist's workers.

It listens on a Unix socket in a temporary folder and is deleted with the last worker that used it.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import cache
from pathlib import Path

import pytest


@cache
def _started() -> tuple[str, str]:
    """The server's address, and why there is none."""
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
        return server.get_uri(), ""
    except Exception as error:  # noqa: BLE001  # whatever keeps it from starting is the reason to skip
        return "", f"no PostgreSQL can be started here: {error!r}"


def server_url() -> str:
    """The server's address, without a schema; skips the test where it cannot be started."""
    url, reason = _started()
    if reason:
        pytest.skip(reason)
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def schema_url(name: str) -> str:
    """The address of a schema of that name, which is made where it lacks."""
    import psycopg

    url = server_url()
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"'.encode())
    return f"{url}&options=-csearch_path%3D{name}"
