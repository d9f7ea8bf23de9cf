"""What should guard a position, given what is held: the plan's stop, and its targets.

Desired state, not steps: whatever happened before, the orders named here are what should be at the
venue now, and the dispatcher makes them so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.instrument import Instrument
from domain.lifecycle import AT_THE_VENUE, LIVE, TAKEN_BACK, OrderStatus
from domain.numbers import ZERO, floor_to_step
from domain.orders import TARGET_LEGS, Fill, Leg, Order, OrderKind, client_order_id, live_stop
from domain.plan import TradePlan
from domain.verdict import Bracket, TargetLeg
from journal.reading import StoredPlan
from journal.trades import held_of


def wanted_exits(
    stored: StoredPlan,
    orders: Sequence[Order],
    fills: Sequence[Fill],
    on: Instrument,
    at: datetime,
    account: str,
) -> list[Order]:
    """The exits of a plan that have to be new or otherwise than they are.

    Args:
        stored: The plan; it holds something.
        orders: Every order of the plan so far.
        fills: Every fill of the plan so far; the account may hold dust of earlier plans besides.
        on: Its instrument: steps and minimums.
        at: The moment that new ones are made.
        account: Enters their ids.
    """
    held = whole_steps(stored, fills, on)
    live = [o for o in orders if o.status in LIVE]
    closing = [o for o in live if o.leg == "close"]
    reducing = [o for o in live if o.leg == "reduce" and o.remaining > held]
    wanted = [
        *_stop(stored, orders, held, at, account),
        *_targets(stored, orders, held, on, at, account),
        *(replace(order, quantity=order.filled + held) for order in (*closing, *reducing)),
    ]
    known = {order.client_order_id: order for order in orders}
    return [order for order in wanted if known.get(order.client_order_id) != order]


def whole_steps(stored: StoredPlan, fills: Sequence[Fill], on: Instrument) -> Decimal:
    """What a plan holds, unsigned, in base: dust cannot be sold and counts as closed."""
    return floor_to_step(held_of(fills, stored.bracket.side), on.quantity_step)


def withdrawn(orders: Sequence[Order]) -> list[Order]:
    """Orders that should be no more: what was not sent is cancelled, the rest is taken back."""
    return [replace(o, status=TAKEN_BACK[o.status]) for o in orders if o.status in TAKEN_BACK]


def in_order(orders: Sequence[Order], version: int, account: str) -> list[Order]:
    """A plan's orders, those of one leg from the oldest to the newest, as their names count them.

    The time they were made at does not tell: several are made at one moment, and clocks are set.
    """
    legs = Counter(o.leg for o in orders)

    def number(order: Order) -> tuple[int, int]:
        names = (
            (made, sequence) for made in range(version + 1) for sequence in range(legs[order.leg])
        )
        return next(
            (n for n in names if order.client_order_id == _name(order, *n, account)), (-1, 0)
        )

    numbers = {o.client_order_id: number(o) if legs[o.leg] > 1 else (-1, 0) for o in orders}
    return sorted(
        orders, key=lambda o: (numbers[o.client_order_id], o.created_at, o.client_order_id)
    )


def _name(order: Order, version: int, sequence: int, account: str) -> str:
    return client_order_id(account, order.plan_id, version, order.leg, sequence)


def target_quantities(
    targets: Sequence[TargetLeg], total: Decimal, on: Instrument
) -> list[Decimal]:
    """`total` over the targets as the bracket divides it, whole steps, nothing lost.

    One that is too small to be sent goes to the nearer one: it closes earlier, never later.
    """
    planned = sum((t.quantity for t in targets), ZERO)
    parts = [floor_to_step(total * t.quantity / planned, on.quantity_step) for t in targets]
    parts[-1] += total - sum(parts, ZERO)
    for index in range(len(parts) - 1, 0, -1):
        worth = parts[index] * targets[index].price
        if parts[index] < on.min_quantity or worth < on.min_notional:
            parts[index - 1] += parts[index]
            parts[index] = ZERO
    return parts


def _stop(
    stored: StoredPlan, orders: Sequence[Order], held: Decimal, at: datetime, account: str
) -> Iterator[Order]:
    if (live := live_stop(orders)) is not None:
        yield replace(live, quantity=live.filled + held, price=_tightest(stored.bracket, [live]))
        return
    stops = [o for o in orders if o.leg == "stop"]
    # A confirmed dead stop is replaced under a new name, where it stood last.
    price = _tightest(stored.bracket, stops[-1:])
    new = exit_order(stored.plan, stored.bracket, "stop", held, price, at, account, len(stops))
    yield replace(new, reason=stops[-1].reason) if stops else new


def _tightest(bracket: Bracket, stops: Sequence[Order]) -> Decimal:
    """Where the stop belongs: where the head has it, or where it was moved to beyond that."""
    prices = [bracket.stop_price, *(o.price for o in stops if o.price is not None)]
    return max(prices) if bracket.side == "long" else min(prices)


def _targets(
    stored: StoredPlan,
    orders: Sequence[Order],
    held: Decimal,
    on: Instrument,
    at: datetime,
    account: str,
) -> Iterator[Order]:
    targets = [o for o in orders if o.leg in TARGET_LEGS]
    mine = [o for o in targets if o.run_id == stored.plan.run_id]
    former = [o for o in targets if o not in mine and o.status in LIVE]
    if former:  # of an earlier version: confirmed dead before those of the head are sent
        yield from withdrawn(former)
        return
    # Wanted since their version was decided, whenever the earlier ones were confirmed dead.
    made = at if len(targets) == len(mine) else stored.plan.as_of
    by_leg = {o.leg: o for o in mine}
    exited = sum((o.filled for o in by_leg.values()), ZERO)
    left, spare = held, ZERO
    parts = target_quantities(stored.bracket.targets, held + exited, on)
    for leg, target, part in zip(TARGET_LEGS, stored.bracket.targets, parts, strict=False):
        order = by_leg.get(leg)
        filled = order.filled if order else ZERO
        rest = min(max(part - filled, ZERO) + spare, left)
        # What one that ended before the entry had filled can take no more, the next one takes.
        ended = order is not None and order.status not in LIVE
        spare = rest if ended else ZERO
        left -= ZERO if ended else rest
        if order is None and rest:
            yield exit_order(stored.plan, stored.bracket, leg, rest, target.price, made, account)
        elif order is not None and order.status in LIVE:
            yield _resized(replace(order, price=target.price), filled + rest)


def _resized(order: Order, quantity: Decimal) -> Order:
    if quantity > order.filled:
        return replace(order, quantity=quantity)
    if order.status in AT_THE_VENUE:
        return replace(order, status=OrderStatus.CANCELLING)
    return order if order.status == OrderStatus.SENDING else withdrawn([order])[0]


def exit_order(
    plan: TradePlan,
    bracket: Bracket,
    leg: Leg,
    quantity: Decimal,
    price: Decimal | None,
    at: datetime,
    account: str,
    sequence: int = 0,
) -> Order:
    """A stop or target of a plan, not sent yet; `sequence` counts its dead predecessors."""
    kind: OrderKind = "stop" if leg == "stop" else "limit"
    return Order(
        client_order_id=client_order_id(account, plan.plan_id, plan.version, leg, sequence),
        plan_id=plan.plan_id,
        run_id=plan.run_id,
        symbol=plan.symbol,
        leg=leg,
        side=bracket.exit_side,
        kind=kind,
        quantity=quantity,
        price=price,
        reduce_only=True,
        created_at=at,
        status=OrderStatus.PENDING,
        slippage=bracket.stop_slippage if leg == "stop" else ZERO,
        reason="stop" if leg == "stop" else "target",
    )
