"""What was known at entry, and how the price went while a position was open: plangate 0.3.

Trades that closed before have no path; a position that is open gets its own from the market.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MAY_OPEN = ("approved", "working", "open", "closing")


def upgrade() -> None:
    """Make the table of paths, widen plans, and say which paths are not begun any more."""
    op.create_table(
        "price_path",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("plan_id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("high", "low", "close")),
    )
    op.add_column("plan", sa.Column("entry", sa.Text()))
    op.add_column("plan", sa.Column("path_done", sa.Boolean()))
    plan = sa.Table("plan", sa.MetaData(), autoload_with=op.get_bind())
    done = plan.c.status.not_in(_MAY_OPEN)
    op.get_bind().execute(plan.update().values(path_done=done))
    with op.batch_alter_table("plan") as changed:
        changed.alter_column("path_done", nullable=False)
