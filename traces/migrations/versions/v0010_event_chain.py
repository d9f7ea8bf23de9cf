"""Events are chained by hash, those recorded before as well: plangate 0.3."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table and the column, and chain what is there, marked as chained afterwards."""
    op.create_table(
        "trace_chain",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("events_count", sa.Integer(), nullable=False),
        sa.Column("late_count", sa.Integer(), nullable=False),
    )
    op.add_column("trace_event", sa.Column("hash", sa.String()))
    _chain(op.get_bind())
    with op.batch_alter_table("trace_event") as table:
        table.alter_column("hash", nullable=False)


def _chain(connection: sa.Connection) -> None:
    events, chains = (
        sa.Table(name, sa.MetaData(), autoload_with=connection)
        for name in ("trace_event", "trace_chain")
    )
    runs = sa.select(events.c.session, events.c.run_id).distinct()
    for session, run_id in connection.execute(runs).all():
        of_run = (events.c.session == session) & (events.c.run_id == run_id)
        head, made = "", []
        for row in connection.execute(events.select().where(of_run).order_by(events.c.id)):
            head = _link(head, row)
            made.append({"of": row.id, "made": head})
        change = events.update().where(events.c.id == sa.bindparam("of"))
        connection.execute(change.values(hash=sa.bindparam("made")), made)
        connection.execute(
            chains.insert().values(
                session=session,
                run_id=run_id,
                head=head,
                events_count=len(made),
                late_count=len(made),
            )
        )


def _link(before: str, row: Any) -> str:
    parts = [before, row.session, row.run_id, row.at_ms, row.node, row.kind, row.body]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
