"""One run is found by the beginning of its id, the newest without sorting any: plangate 0.3."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the indexes."""
    op.drop_index("ix_trace_run_as_of", "trace_run")
    op.create_index("ix_trace_run_as_of", "trace_run", ["as_of_ms", "recorded_ms"])
    op.create_index("ix_trace_run_id", "trace_run", ["run_id"])
