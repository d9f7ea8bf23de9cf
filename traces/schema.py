"""Brings a database to the schema that this release knows.

Alembic is slow to import, so that it is imported only to upgrade an older database. A new one is
made from the tables' own definitions, which a test proves to come to the same.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table

HEAD = "0014"
"""The newest script in `traces/migrations/versions`."""
SCHEMA_VERSION = int(HEAD)
INDEXED_SINCE = 13
"""What is older has no index of words yet."""

TABLES = frozenset(
    {
        "decision", "deposit", "equity", "fill", "funding_payment", "market_candle",
        "market_coverage", "market_flaw", "market_funding", "market_instrument",
        "market_open_interest", "market_revision", "market_series", "model_call", "operator_act",
        "order", "paper_log", "paper_order", "paper_venue", "plan", "plan_version", "price_path",
        "purse", "session", "tool_rate", "trace_blob", "trace_chain", "trace_event", "trace_prose",
        "trace_run", "trade", "trading_state",
    }
)  # fmt: skip
"""Every table of the newest schema, whichever modules are imported."""

_STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it."""


def bring_to_head(connection: Connection, metadata: MetaData, version: int) -> None:
    """Make or upgrade the tables, inside the caller's write transaction; nothing else writes then.

    Args:
        connection: In a transaction.
        metadata: The tables' definitions, used for a new database when none of them is absent.
        version: What the database has; 0 for a new one.
    """
    if version == 0 and set(metadata.tables) >= TABLES:
        metadata.create_all(connection, [metadata.tables[name] for name in sorted(TABLES)])
        _STAMP.create(connection)
        connection.execute(_STAMP.insert().values(version_num=HEAD))
        return
    from traces.migrations.upgrade import upgrade

    upgrade(connection, version)
