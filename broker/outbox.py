"""From decisions to orders: an approved bracket's entry, and the venue's own order.

Ids come from content alone, so the same decision always names the same orders.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from broker.protocol import Execution
from domain.lifecycle import OrderStatus
from domain.numbers import BPS, ceil_to_tick, floor_to_tick
from domain.orders import Order, Position, client_order_id
from domain.plan import TradePlan
from domain.verdict import Bracket

PAPER_ACCOUNT = "paper"


def entry_order(
    plan: TradePlan, bracket: Bracket, tick: Decimal, at: datetime, account: str
) -> Order:
    """The entry of an approved plan, made at `at`, not sent yet.

    A limit is the plan's own, rounded to the tick on the cheap side; what it is expected to cost
    (`bracket.entry_price`) may be better.
    """
    limit = plan.draft.entry
    rounded = floor_to_tick if bracket.side == "long" else ceil_to_tick
    return Order(
        client_order_id=client_order_id(account, plan.plan_id, plan.version, "entry"),
        plan_id=plan.plan_id,
        run_id=plan.run_id,
        symbol=plan.symbol,
        leg="entry",
        side=bracket.entry_side,
        kind=bracket.entry_kind,
        quantity=bracket.quantity,
        price=None if limit is None else rounded(limit, tick),
        reduce_only=False,
        created_at=at,
        status=OrderStatus.PENDING,
        slippage=entry_slippage(bracket) if limit is None else Decimal(0),
        expires_at=bracket.expires_at,
    )


def entry_slippage(bracket: Bracket) -> Decimal:
    """What walking the book costs against its mid, in quote per unit."""
    return bracket.entry_price * bracket.entry_slippage_bps / BPS


def liquidation_order(position: Position, execution: Execution) -> Order:
    """The venue's own order that closed a position by force, as the journal keeps it."""
    return Order(
        client_order_id=execution.client_order_id,
        plan_id=position.plan_id,
        run_id="",
        symbol=execution.symbol,
        leg="close",
        side=execution.side,
        kind="market",
        quantity=execution.quantity,
        price=None,
        reduce_only=True,
        created_at=execution.at,
        status=OrderStatus.WORKING,
        reason="liquidation",
    )
