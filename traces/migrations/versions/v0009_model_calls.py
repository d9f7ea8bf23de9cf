"""What is set aside and paid for calls of models: plangate 0.3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from traces.migrations.types import BIG

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "model_call",
        sa.Column("id", BIG, primary_key=True),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("session", "run_id", "symbol", "node", "model")
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("answer_tokens", sa.Integer(), nullable=False),
        sa.Column("tool_tokens", sa.Text(), nullable=False),
        sa.Column("reserved_usd", sa.BigInteger()),
        sa.Column("prompt_usd", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("settled_usd", sa.BigInteger()),
        *(
            sa.Column(f"{kind}_tokens", sa.Integer())
            for kind in ("input", "cached", "output", "reasoning", "image")
        ),
        sa.Column("tokens_from", sa.String()),
        sa.CheckConstraint("settled_at IS NOT NULL OR settled_usd IS NULL", name="settled"),
    )
    op.create_index("ix_model_call_run", "model_call", ["session", "run_id"])
    op.create_index("ix_model_call_at", "model_call", ["at"])
