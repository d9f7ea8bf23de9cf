"""The market store: candles, funding, open interest, instruments, what was asked: plangate 0.3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "market_series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "symbol", "kind")),
        sa.Column("answered_at", sa.BigInteger()),
        sa.UniqueConstraint("source", "symbol", "kind", name="market_series_named"),
    )
    prices = ("open", "high", "low", "close", "volume")
    op.create_table(
        "market_candle",
        *_key("series", "open_ms"),
        *(sa.Column(name, sa.Double(), nullable=False) for name in prices),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "market_coverage",
        *_key("series", "from_ms"),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "market_revision",
        *_key("series", "stamp_ms", "seen_at"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("old", "new")),
    )
    op.create_table(
        "market_flaw",
        *_key("series", "stamp_ms"),
        sa.Column("defect", sa.Text(), primary_key=True),
        sa.Column("treatment", sa.Text(), nullable=False),
    )
    for name in ("market_funding", "market_open_interest"):
        op.create_table(
            name, *_key("series", "stamp_ms"), sa.Column("value", sa.Text(), nullable=False)
        )
    op.create_table(
        "market_instrument",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("source", "symbol")),
        *_key("seen_at"),
        sa.Column("document", sa.Text(), nullable=False),
    )


def _key(*names: str) -> list[sa.Column[int]]:
    return [
        sa.Column(name, sa.BigInteger(), primary_key=True, autoincrement=False) for name in names
    ]
