"""A change of the plan that stands, as the machine draws it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from broker.exits import wanted_exits
from broker.outbox import PAPER_ACCOUNT, entry_order
from domain.instrument import Instrument
from domain.verdict import Approved
from journal.books import Journal
from journal.reading import StoredPlan
from tests.broker.venue import TICK
from tests.properties.order_flow_wish import Wanted, Wish, wanted


def commit_change(
    book: Journal,
    stands: StoredPlan,
    wish: Wish,
    add: bool,
    run: str,
    last: Decimal,
    at: datetime,
    on: Instrument,
) -> list[str]:
    """Another entry, other levels or an addition, as the plan's state allows; the orders of it."""
    plan, held = stands.plan, book.position(stands.plan.symbol)
    mine = held is not None and held.plan_id == plan.plan_id
    act = ("scale_in" if add else "adjust") if mine else "replace"
    drawn = replace(wish, symbol=plan.symbol, long=stands.bracket.side == "long")
    made = wanted(drawn, run, last, at)
    number = book.newest_version(plan.plan_id) + 1
    version = made.plan.model_copy(update={"plan_id": plan.plan_id, "version": number, "act": act})
    stop = _no_farther(stands, made, mine)
    bracket = replace(made.verdict.bracket, stop_price=stop)
    if act != "adjust":
        order = entry_order(version, bracket, TICK, at, PAPER_ACCOUNT)
        book.commit_entry(version, Approved(bracket, ()), order, entry=made.seen)
        return [order.client_order_id]
    assert held is not None
    orders = wanted_exits(
        stands._replace(plan=version, bracket=bracket),
        book.plan_orders(plan.plan_id),
        abs(held.quantity),
        on,
        at,
        PAPER_ACCOUNT,
    )
    book.commit_levels(version, Approved(bracket, ()), orders)
    return [order.client_order_id for order in orders]


def _no_farther(stands: StoredPlan, made: Wanted, held: bool) -> Decimal:
    """The stop that was drawn, where something is held no farther than the one that works."""
    drawn, works = made.verdict.bracket.stop_price, stands.bracket.stop_price
    if not held:
        return drawn
    return max(drawn, works) if stands.bracket.side == "long" else min(drawn, works)
