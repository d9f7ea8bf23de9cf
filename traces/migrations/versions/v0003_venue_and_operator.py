"""A paper venue with books of its own, operators' words, one writer a session: plangate 0.3.

What the venue did so far is written into its books from the journal, so that an open position and
its working exits are found there as they stood.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_UNSENT = ("pending", "sending", "denied")


def upgrade() -> None:
    """Make the new tables, widen the old ones, fill in what follows from the rows."""
    _new_tables()
    _wider_orders()
    _wider_fills()
    _fill_in()
    _venues_own_books()
    with op.batch_alter_table("session") as session:
        session.drop_column("cursor")
        session.alter_column("fence", nullable=False)
        session.alter_column("obeyed", nullable=False)
    with op.batch_alter_table("order") as order:
        order.alter_column("filled", nullable=False)
    with op.batch_alter_table("fill") as fill:
        fill.alter_column("fee_currency", nullable=False)
        fill.alter_column("clamped", nullable=False)
    op.create_index("ix_order_plan", "order", ["session", "plan_id"])
    op.create_index("ix_fill_plan", "fill", ["session", "plan_id"])


def _new_tables() -> None:
    op.create_table(
        "operator_act",
        sa.Column("sequence", sa.Integer(), primary_key=True),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("act IN ('kill', 'flatten', 'resume')", name="known"),
    )
    op.create_table(
        "paper_order",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("client_order_id", sa.String(), primary_key=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_paper_order_status", "paper_order", ["session", "status"])
    op.create_table(
        "paper_log",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_paper_log_at", "paper_log", ["session", "at"])
    op.create_table(
        "paper_venue",
        sa.Column("session", sa.String(), primary_key=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text()),
    )


def _wider_orders() -> None:
    for name in ("fence", "obeyed"):
        op.add_column("session", sa.Column(name, sa.Integer()))
    for name in ("limit_price", "filled", "placed_quantity", "placed_price"):
        op.add_column("order", sa.Column(name, sa.Text()))


def _wider_fills() -> None:
    op.add_column("fill", sa.Column("fee_currency", sa.String()))
    op.add_column("fill", sa.Column("clamped", sa.Boolean()))


def _fill_in() -> None:
    connection = op.get_bind()
    session, order, fill = (_table(name) for name in ("session", "order", "fill"))
    connection.execute(session.update().values(fence=0, obeyed=0))
    connection.execute(fill.update().values(fee_currency="quote", clamped=False))
    # The newest prices and quantities were the venue's own: nothing was amended before 0.3.
    sent = order.c.status.not_in(_UNSENT)
    placed = {"placed_quantity": order.c.quantity, "placed_price": order.c.price}
    connection.execute(order.update().where(sent).values(placed))
    connection.execute(order.update().values(filled="0"))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in connection.execute(fill.select()).mappings():
        sums[row["session"], row["client_order_id"]] += Decimal(row["quantity"])
    for (name, client_order_id), quantity in sums.items():
        mine = (order.c.session == name) & (order.c.client_order_id == client_order_id)
        connection.execute(order.update().where(mine).values(filled=f"{quantity:f}"))


def _venues_own_books() -> None:
    connection = op.get_bind()
    session, order = _table("session"), _table("order")
    for row in connection.execute(session.select()).mappings().all():
        name, cursor = row["name"], row["cursor"]
        place = _json([_iso(cursor), None, None, {"phase": 0, "used": "0"}])
        values = {"session": name, "cursor": cursor, "place": place}
        connection.execute(_table("paper_venue").insert().values(values))
        working = (order.c.session == name) & (order.c.status == "working")
        for one in connection.execute(order.select().where(working)).mappings().all():
            resting = {
                "order": _body(one, ("created_at", "expires_at")),
                "since": _iso(cursor),
                "phase": 0,
                "triggered": False,
                "status": "working",
                "reason": "",
            }
            values = {"session": name, "client_order_id": one["client_order_id"]}
            statement = _table("paper_order").insert()
            connection.execute(statement.values(**values, status="working", body=_json(resting)))
        _log(connection, name)


def _log(connection: sa.Connection, session: str) -> None:
    found = []
    for kind, name in (("fill", "fill"), ("funding", "funding_payment")):
        table = _table(name)
        chosen = table.select().where(table.c.session == session)
        found += [(row["sequence"], kind, row) for row in connection.execute(chosen).mappings()]
    for number, (_, kind, row) in enumerate(sorted(found, key=lambda item: item[0]), 1):
        body = _json(_body(row, ("at",)))
        values = {"session": session, "sequence": number, "at": row["at"], "kind": kind}
        connection.execute(_table("paper_log").insert().values(**values, body=body))


def _body(row: Mapping[Any, Any], moments: tuple[str, ...]) -> dict[str, Any]:
    """A row as the venue writes it: without the session, moments as text."""
    left_out = {"session", "sequence"}
    body = {key: value for key, value in row.items() if key not in left_out}
    return body | {key: body[key] and _iso(body[key]) for key in moments}


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
