"""The newest decisions of one session are found without sorting all of them: plangate 0.3."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_trace_run_session", "trace_run", ["session", "as_of_ms"])
