"""Approved versions of a plan, each as it was approved: plangate 0.3.

A plan that was committed before has one: what its row says.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = (
    "session", "plan_id", "version", "run_id", "approved_at", "close_at", "risk_amount", "body",
    "bracket", "entry",
)  # fmt: skip


def upgrade() -> None:
    """Make the table, and fill it from the plans."""
    op.create_table(
        "plan_version",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("session", "plan_id")),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("approved_at", "close_at")),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("risk_amount", "body", "bracket")
        ),
        sa.Column("entry", sa.Text()),
    )
    connection = op.get_bind()
    plan = sa.Table("plan", sa.MetaData(), autoload_with=connection)
    version = sa.Table("plan_version", sa.MetaData(), autoload_with=connection)
    chosen = sa.select(*(plan.c[name] for name in _COLUMNS))
    connection.execute(version.insert().from_select(_COLUMNS, chosen))
