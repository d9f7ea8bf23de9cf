"""B6 and F6: the same acts once more, in a market whose future is known, leave the same rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from market.protocol import FundingStamp
from tests.broker.venue import H, Row, T
from tests.properties.order_flow_rows import dump
from tests.properties.order_flow_world import World

WILD: tuple[Row, ...] = ((100, 900, 1, 500, 9e6), (500, 501, 2, 3, 9e6), (3, 999, 1, 100, 9e6))
"""Bars that would fill everything."""


def judge_twin(world: World) -> None:
    """Do everything again from nothing.

    The twin's market has the bars and payments of the whole session from its beginning, and more
    after its end: what is to come must not change what has happened.

    Raises:
        AssertionError: naming the table that differs.
    """
    twin = World(world.setting)
    try:
        for symbol, rows in world.source.rows.items():
            for row in (*rows, *WILD):
                twin.source.add(symbol, row)
        for stamp in world.source.paid:
            twin.source.pay(stamp)
        later = T + world.hours * H + timedelta(minutes=30)
        twin.source.pay(FundingStamp(later, Decimal("0.01")))
        for act, arguments in world.acts:
            twin.do(act, *arguments)
        mine, others = dump(world.path), dump(twin.path)
        for table, rows_of in mine.items():
            assert rows_of == others[table], f"B6 or F6: {table} is not the same a second time"
    finally:
        twin.close()
