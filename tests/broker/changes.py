"""A later decision changes the plan that stands, committed as the graph's last node does it.

Said again by the same run it comes to the same: what that run committed before it died counts for
nothing in the version's number, and is what it makes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from broker.closing import close_order, reduce_order
from broker.exits import wanted_exits
from broker.outbox import PAPER_ACCOUNT, entry_order
from domain.instrument import Instrument
from domain.plan import PlanAct, TradePlan
from domain.verdict import Approved
from journal.books import Journal
from journal.reading import StoredPlan
from tests.broker.venue import HUNDRED, TICK


def act_on(book: Journal, stands: StoredPlan, *, add: bool) -> PlanAct:
    """What a change of this plan does now: it depends on what is held."""
    held = book.position(stands.plan.symbol)
    if held is None or held.plan_id != stands.plan.plan_id:
        return "replace"
    return "scale_in" if add else "adjust"


def commit_change(
    book: Journal,
    stands: StoredPlan,
    made: tuple[TradePlan, Approved],
    act: PlanAct,
    on: Instrument,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> list[str]:
    """Commit a plan as the next version of the one that stands; the orders it names.

    Args:
        book: The journal.
        stands: The plan that is changed.
        made: What it is changed to, as if it were a plan of its own, on the same side.
        act: What the change does.
        on: The instrument.
        at: Now.
        seen: What was known when it was decided.
    """
    drawn, verdict = made
    plan_id = stands.plan.plan_id
    others = [v.plan for v in book.versions(plan_id) if v.plan.run_id != drawn.run_id]
    number = 1 + max(earlier.version for earlier in others)
    plan = drawn.model_copy(update={"plan_id": plan_id, "version": number, "act": act})
    if act != "adjust":
        order = entry_order(plan, verdict.bracket, TICK, at, PAPER_ACCOUNT)
        book.commit_entry(plan, verdict, order, entry=seen)
        return [order.client_order_id]
    changed = stands._replace(plan=plan, bracket=verdict.bracket)
    orders = wanted_exits(
        changed, book.plan_orders(plan_id), book.plan_fills(plan_id), on, at, PAPER_ACCOUNT
    )
    book.commit_levels(plan, verdict, orders)
    return []


def commit_reduction(
    book: Journal, symbol: str, fraction: Decimal, on: Instrument, at: datetime, run: str
) -> list[str]:
    """Commit the exit of a share of what is held, at a price of 100; the order it names."""
    held = book.position(symbol)
    assert held is not None
    orders = book.plan_orders(held.plan_id)
    slippage = book.stored_plan(held.plan_id).bracket.stop_slippage
    close = close_order(held, orders, on, "exit", at, run, PAPER_ACCOUNT, slippage)
    assert close is not None
    order = reduce_order(close, held, orders, fraction, on, PAPER_ACCOUNT, HUNDRED)
    book.commit_exit(order)
    return [order.client_order_id]
