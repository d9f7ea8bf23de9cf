"""From a venue's word to a fill: what an execution is to the order that it executes."""

from __future__ import annotations

from broker.costs import slippage_bps
from broker.protocol import Execution
from domain.clock import from_ms, to_ms
from domain.orders import Fill, Order


def fill_of(execution: Execution, order: Order | None) -> Fill:
    """The fill that an execution is; without an order it is one of no plan, good for a ledger."""
    wanted = None if order is None else order.price
    expected = execution.expected_price or wanted or execution.price
    return Fill(
        trade_id=execution.trade_id,
        client_order_id=execution.client_order_id,
        plan_id="" if order is None else order.plan_id,
        symbol=execution.symbol,
        leg="entry" if order is None else order.leg,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        fee=execution.fee,
        # As it is kept, to the millisecond: else the account would differ from its replay.
        at=from_ms(to_ms(execution.at)),
        expected_price=expected,
        slippage_bps=slippage_bps(execution.side, execution.price, expected),
        reason=None if order is None else order.reason,
        fee_currency=execution.fee_currency,
        clamped=execution.clamped,
    )
