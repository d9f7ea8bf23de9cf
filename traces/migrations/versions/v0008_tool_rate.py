"""Tokens of tools that all processes of a database share: plangate 0.3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tool_rate",
        sa.Column("tool", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
    )
