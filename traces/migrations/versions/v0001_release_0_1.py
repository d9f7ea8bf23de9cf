"""The tables of plangate 0.1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from traces.migrations.types import BIG

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of 0.1."""
    _plans_and_orders()
    _account()
    _traces()


def _plans_and_orders() -> None:
    op.create_table(
        "session",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("capital", sa.Text(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "plan",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("plan_id", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.Column("close_at", sa.BigInteger(), nullable=False),
        sa.Column("risk_amount", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("bracket", sa.Text(), nullable=False),
        sa.Column("send_codes", sa.Text(), nullable=False),
    )
    op.create_index("ix_plan_run", "plan", ["session", "run_id"])
    op.create_table(
        "order",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("client_order_id", sa.String(), primary_key=True),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("price", sa.Text()),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("slippage", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("reason", sa.String()),
        sa.CheckConstraint("kind = 'market' OR price IS NOT NULL", name="priced"),
    )
    op.create_index("ix_order_status", "order", ["session", "status"])


def _account() -> None:
    op.create_table(
        "fill",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("trade_id", sa.String(), primary_key=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("quantity", "price", "fee")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expected_price", sa.Text(), nullable=False),
        sa.Column("slippage_bps", sa.Text(), nullable=False),
        sa.Column("reason", sa.String()),
    )
    op.create_table(
        "funding_payment",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("symbol", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("rate_fraction", "quantity", "price", "amount")
        ),
    )
    op.create_table(
        "trade",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("plan_id", sa.String(), primary_key=True),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("quantity", "entry_price", "exit_price")
        ),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("gross", "fees", "funding", "risk_amount")
        ),
        sa.Column("close_reason", sa.String(), nullable=False),
    )
    op.create_table(
        "equity",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("equity", sa.Text(), nullable=False),
        sa.Column("cash", sa.Text(), nullable=False),
    )


def _traces() -> None:
    op.create_table(
        "trace_event",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at_ms", BIG, nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_trace_event_run", "trace_event", ["session", "run_id", "id"])
    op.create_table(
        "trace_blob",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "trace_run",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("as_of_ms", BIG, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("model", "outcome", "codes")),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("model_calls", "tool_calls", "input_tokens", "output_tokens")
        ),
        sa.Column("cost_usd", sa.String()),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("recorded_ms", BIG, nullable=False),
    )
    op.create_index("ix_trace_run_as_of", "trace_run", ["as_of_ms"])
    op.create_index("ix_trace_run_symbol", "trace_run", ["symbol", "as_of_ms"])
