"""From an approved answer to intents in the journal, each in one transaction. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from broker.closing import close_order, reduce_order, sellable
from broker.exits import wanted_exits, whole_steps
from broker.outbox import entry_order
from domain.instrument import Instrument
from domain.lifecycle import LIVE, PLAN_STEPS, OrderStatus
from domain.numbers import ONE, ZERO
from domain.orders import Order, Position, live_stop
from domain.plan import ExitDraft, TradePlan
from domain.verdict import Approved
from graph.context import RunContext
from graph.state import RunState
from graph.world import World
from journal.entry import entry_snapshot
from journal.reading import StoredPlan


def commit_entry(
    context: RunContext, state: RunState, plan: TradePlan, verdict: Approved
) -> list[str] | None:
    """The intent to enter; its client order id. None where the plan that it changes is over."""
    world = World(context)
    now, tick = world.now(state), world.instrument(plan.symbol).price_tick
    order = entry_order(plan, verdict.bracket, tick, now, context.account_name)
    known = entry_snapshot(context.snapshot(state), plan, context.policy.margin_leverage_ratio)
    if plan.act == "open":
        world.write("plan", None, lambda to: to.commit_plan(plan, verdict, [order], entry=known))
    elif not PLAN_STEPS[world.stored_plan(plan.plan_id).status]:
        return None
    else:
        world.write("entry", None, lambda to: to.commit_entry(plan, verdict, order, entry=known))
    return [order.client_order_id]


def commit_levels(
    context: RunContext, state: RunState, plan: TradePlan, verdict: Approved
) -> list[str] | None:
    """New levels with the exits that they call for; None where the position is closed.

    Named is the stop alone: what else is changed depends on how far an interrupted run had come.
    """
    world = World(context)
    on = world.instrument(plan.symbol)
    stored = world.stored_plan(plan.plan_id)._replace(plan=plan, bracket=verdict.bracket)
    orders, fills = world.plan_orders(plan.plan_id), world.plan_fills(plan.plan_id)
    if not whole_steps(stored, fills, on):
        return None
    wanted = wanted_exits(
        stored,
        orders,
        fills,
        on,
        world.now(state),
        context.account_name,
    )
    world.write("levels", None, lambda to: to.commit_levels(plan, verdict, wanted))
    stop = live_stop([*orders, *wanted])
    return [] if stop is None else [stop.client_order_id]


def commit_exit(
    context: RunContext, state: RunState, draft: ExitDraft
) -> tuple[str, list[str]] | None:
    """The intent to leave, or to take back an entry; plan and orders. None where all is over."""
    world, symbol = World(context), state["symbol"]
    position = world.position(symbol)
    on = world.instrument(symbol)
    stored = world.stored_standing_plan(symbol)
    if position is None or _is_left_over(position, stored, on):
        return None if stored is None else _take_back(context, state, stored)
    unsent = (OrderStatus.PENDING, "reduce", state["run_id"])  # is meant anew, and named so
    orders = [
        o for o in world.plan_orders(position.plan_id) if (o.status, o.leg, o.run_id) != unsent
    ]
    order = _close(context, state, position, orders)
    if order is None:
        return None
    if draft.fraction < ONE:
        price = context.snapshot(state).last
        order = reduce_order(
            order, position, orders, draft.fraction, on, context.account_name, price
        )
    leaving = order
    world.write("exit", None, lambda to: to.commit_exit(leaving))
    return position.plan_id, [order.client_order_id]


def _take_back(
    context: RunContext, state: RunState, stored: StoredPlan
) -> tuple[str, list[str]] | None:
    """Of what the venue may have, an order that closes what fills nevertheless."""
    plan, world = stored.plan, World(context)
    orders = world.plan_orders(plan.plan_id)
    asked = [o for o in orders if o.leg == "entry" and o.status in LIVE]
    at_stake = sum((o.remaining for o in asked if o.status != OrderStatus.PENDING), ZERO)
    if not at_stake:
        names = world.write("cancel", list[str], lambda to: to.commit_cancel(plan.plan_id))
        return plan.plan_id, names
    signed = at_stake if stored.bracket.side == "long" else -at_stake
    feared = Position(plan.symbol, signed, ZERO, world.now(state), plan.plan_id)
    close = _close(context, state, feared, orders)
    if close is None:
        return None
    world.write("cancel", list[str], lambda to: to.commit_cancel(plan.plan_id, close))
    return plan.plan_id, [close.client_order_id]


def _close(
    context: RunContext, state: RunState, position: Position, orders: Sequence[Order]
) -> Order | None:
    world = World(context)
    stored = world.stored_plan(position.plan_id)
    return close_order(
        position,
        orders,
        world.instrument(position.symbol),
        "exit",
        world.now(state),
        state["run_id"],
        context.account_name,
        stored.bracket.stop_slippage,
    )


def _is_left_over(position: Position, stored: StoredPlan | None, on: Instrument) -> bool:
    """Whether it is dust of an earlier plan than the one that stands."""
    earlier = stored is not None and stored.plan.plan_id != position.plan_id
    return earlier and sellable(position, on) is None
