"""Several currencies a session, each with money of its own, and deposits: plangate 0.3.

Tables whose key or check changes are made anew, with the rows they had.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Put the one currency of each session into a purse, and its values beside it."""
    connection = op.get_bind()
    op.create_table(
        "purse",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("currency", sa.String(), primary_key=True),
        sa.Column("capital", sa.Text(), nullable=False),
    )
    quotes = {}
    for row in connection.execute(_table("session").select()).mappings().all():
        quotes[row["name"]] = row["quote"]
        values = {"session": row["name"], "currency": row["quote"], "capital": row["capital"]}
        connection.execute(_table("purse").insert().values(values))
    with op.batch_alter_table("session") as session:
        session.drop_column("capital")
        session.drop_column("quote")
    op.create_table(
        "deposit",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("deposit_id", sa.String(), primary_key=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
    )
    _equity(connection, quotes)
    _operator_acts(connection)


def _equity(connection: sa.Connection, quotes: dict[str, str]) -> None:
    kept = _taken("equity")
    op.create_table(
        "equity",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("currency", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("equity", "cash")),
        sa.Column("net_deposits", sa.Text(), nullable=False),
    )
    rows = [{**row, "currency": quotes[row["session"]], "net_deposits": "0"} for row in kept]
    if rows:
        connection.execute(_table("equity").insert(), rows)


def _operator_acts(connection: sa.Connection) -> None:
    kept = _taken("operator_act")
    op.create_table(
        "operator_act",
        sa.Column("sequence", sa.Integer(), primary_key=True),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("currency", sa.String()),
        sa.Column("amount", sa.Text()),
        sa.CheckConstraint("act IN ('kill', 'flatten', 'resume', 'deposit')", name="known"),
    )
    if kept:
        connection.execute(_table("operator_act").insert(), kept)


def _taken(name: str) -> list[dict[str, Any]]:
    """The rows of a table, which goes."""
    rows = op.get_bind().execute(_table(name).select()).mappings().all()
    op.drop_table(name)
    return [dict(row) for row in rows]


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
