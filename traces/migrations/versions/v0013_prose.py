"""Which run an entry of the index of words is about; the index is made after it: plangate 0.3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from traces.migrations.types import BIG

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table that says which run an entry is about."""
    op.create_table(
        "trace_prose",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.UniqueConstraint("session", "run_id", name="uq_trace_prose_run"),
        sqlite_autoincrement=True,
    )
