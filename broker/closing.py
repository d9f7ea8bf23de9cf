"""Closing a position at the market: the one order that does it, and when another one is tried.

Whoever wants a position closed asks here: what cannot be sold is left out, nothing is closed twice
at once, and an order that came to nothing is followed by another one until the position is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from domain.instrument import Instrument
from domain.lifecycle import LIVE, OrderStatus
from domain.numbers import ZERO, floor_to_step
from domain.orders import CloseReason, Order, Position, client_order_id

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
"""Pauses double from the first to this one, so that no venue is flooded with what it refuses."""


def close_order(
    position: Position,
    orders: Sequence[Order],
    on: Instrument,
    reason: CloseReason,
    at: datetime,
    run_id: str,
    account: str,
    slippage: Decimal,
) -> Order | None:
    """A market order that closes what is held; None where there is none to be made.

    None where less than one step is held, and while another order closes it; the same word said
    again is the order that it was. The name counts the dead closes before it.

    Args:
        position: What is held.
        orders: Every order of its plan so far.
        on: Its instrument.
        reason: `exit` by the model, `time` at the plan's horizon.
        at: The moment that it is decided, by `run_id`.
        run_id: Whose word it is.
        account: Enters the id.
        slippage: Assumed cost of taking liquidity, in quote per unit.
    """
    if (going := under_way(orders)) is not None:
        return going if (going.run_id, going.reason) == (run_id, reason) else None
    if (whole := sellable(position, on)) is None:
        return None
    plan_id, sequence = position.plan_id, len(closes(orders))
    return Order(
        client_order_id=client_order_id(account, plan_id, 0, "close", sequence),
        plan_id=plan_id,
        run_id=run_id,
        symbol=position.symbol,
        leg="close",
        side="sell" if position.side == "long" else "buy",
        kind="market",
        quantity=abs(whole.quantity),
        price=None,
        reduce_only=True,
        created_at=at,
        status=OrderStatus.PENDING,
        slippage=slippage,
        reason=reason,
    )


def reduce_order(
    close: Order,
    position: Position,
    orders: Sequence[Order],
    fraction: Decimal,
    on: Instrument,
    account: str,
    price: Decimal,
) -> Order:
    """The order that would close a position, made to close a share of it in whole steps.

    Where that share, or what would be left, is less than the venue takes, it closes all: an exit is
    made larger then, never left out. The same word said again is the order that it was. `price` is
    the newest of the market, in quote.
    """
    held = abs(position.quantity)
    part = floor_to_step(held * fraction, on.quantity_step)
    least = max(on.min_quantity, on.min_notional / price)
    if min(part, held - part) < least:
        return close
    former = [o for o in orders if o.leg == "reduce"]
    for order in former:
        if (order.run_id, order.quantity) == (close.run_id, part):
            return order
    name = client_order_id(account, close.plan_id, 0, "reduce", len(former))
    return replace(close, client_order_id=name, leg="reduce", quantity=part)


def reduce_again(
    orders: Sequence[Order], held: Decimal, on: Instrument, at: datetime, account: str
) -> Order | None:
    """The newest scale-out tried anew, where it came to nothing and its pause is over.

    Only what is left of that word is tried: what brought a part of it counts.

    Args:
        orders: Every order of the plan, oldest first.
        held: What the plan holds, unsigned, in whole steps.
        on: Its instrument; less than its least quantity is no word any more.
        at: Now.
        account: Enters the id.
    """
    tried = reductions(orders)
    if not tried or any(o.status in LIVE for o in tried):
        return None
    left, wait = min(tried[-1].remaining, held), retry_at(tried)
    if left < on.min_quantity or (wait is not None and at < wait):
        return None
    sequence = sum(1 for o in orders if o.leg == "reduce")
    name = client_order_id(account, tried[0].plan_id, 0, "reduce", sequence)
    return replace(
        tried[-1],
        client_order_id=name,
        quantity=left,
        filled=ZERO,
        created_at=at,
        status=OrderStatus.PENDING,
        placed_quantity=None,
        placed_price=None,
    )


def sellable(position: Position, on: Instrument) -> Position | None:
    """What of a position an order can close: whole steps of it; None where that is nothing.

    Fees taken in base leave dust.
    """
    whole = floor_to_step(abs(position.quantity), on.quantity_step)
    if not whole:
        return None
    return replace(position, quantity=whole if position.quantity > 0 else -whole)


def closes(orders: Sequence[Order]) -> list[Order]:
    """Those that somebody here wanted: a liquidation is the venue's."""
    return [o for o in orders if o.leg == "close" and o.reason != "liquidation"]


def reductions(orders: Sequence[Order]) -> list[Order]:
    """Every attempt at the scale-out that was asked for last."""
    found = [o for o in orders if o.leg == "reduce"]
    return [o for o in found if o.run_id == found[-1].run_id]


def under_way(orders: Sequence[Order]) -> Order | None:
    """The order that is closing the position."""
    return next((o for o in closes(orders) if o.status in LIVE), None)


def retry_at(attempts: Sequence[Order]) -> datetime | None:
    """When an exit that came to nothing may be tried again.

    None while one is under way, and where no attempt came to nothing.

    Args:
        attempts: `closes` or `reductions`, oldest first.
    """
    failed = 0
    for order in reversed(attempts):
        if order.status in LIVE:
            return None
        if order.filled:
            break
        failed += 1
    if not failed:
        return None
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(failed - 1, 16), LONGEST_PAUSE)
    return attempts[-1].created_at + pause
