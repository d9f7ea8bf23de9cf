"""A run's chain says how many of its events were pruned: plangate 0.3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing was pruned so far."""
    op.add_column("trace_chain", sa.Column("pruned_count", sa.Integer()))
    op.add_column("trace_chain", sa.Column("pruned_head", sa.String()))
    connection = op.get_bind()
    chains = sa.Table("trace_chain", sa.MetaData(), autoload_with=connection)
    connection.execute(chains.update().values(pruned_count=0, pruned_head=""))
    with op.batch_alter_table("trace_chain") as table:
        table.alter_column("pruned_count", nullable=False)
        table.alter_column("pruned_head", nullable=False)
