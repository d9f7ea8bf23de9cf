"""Trading states, and indexes on the moments that the gate asks for: plangate 0.2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what 0.2 keeps.

    `IF NOT EXISTS`: a file of 0.1 that 0.2 only began to open has some of it.
    """
    op.create_table(
        "trading_state",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'reducing', 'halted')", name="known"),
        if_not_exists=True,
    )
    op.create_index("ix_plan_approved", "plan", ["session", "approved_at"], if_not_exists=True)
    op.create_index("ix_order_created", "order", ["session", "created_at"], if_not_exists=True)
    op.create_index("ix_trade_closed", "trade", ["session", "closed_at"], if_not_exists=True)
