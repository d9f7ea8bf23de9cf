"""Runs the scripts that a database lacks, in order, inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def scripts() -> ScriptDirectory:
    """Every script."""
    return ScriptDirectory(str(FOLDER))


def upgrade(connection: Connection, version: int, to: str = "head") -> None:
    """Bring the schema from a version to another; each script is stamped when it has run.

    Releases before 0.3 kept their version in the file's `user_version` alone: they are taken over
    by the stamp of the first script that runs.
    """
    directory = scripts()
    current = f"{version:04}" if version else "base"
    lacking = reversed(list(directory.iterate_revisions(to, current)))
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for script in lacking:
            script.module.upgrade()
            context.stamp(directory, script.revision)
