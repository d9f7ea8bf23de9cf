"""The last step before the record: what was approved, or what closes, becomes intents.

Plan and intents are committed in one transaction; sending is the dispatcher's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.plan import ExitDraft
from domain.verdict import Approved
from graph.committing import commit_entry, commit_exit, commit_levels
from graph.context import RunContext
from graph.recording import plan_of, verdict_of
from graph.state import RunState
from traces import events

Update = dict[str, Any]


async def submit(context: RunContext, state: RunState) -> Update:
    """Commit the approved plan and its intent, or the intent to exit, in one transaction."""
    if state["answer"] == "exit":
        return _submit_exit(context, state)
    plan_hash, verdict_hash = state["versions"][-1]
    trade_plan, verdict = plan_of(context, plan_hash), verdict_of(context, verdict_hash)
    if not isinstance(verdict, Approved):
        return {"outcome": "denied"}
    if trade_plan.act == "adjust":
        orders = commit_levels(context, state, trade_plan, verdict)
    else:
        orders = commit_entry(context, state, trade_plan, verdict)
    if orders is None:
        return {"outcome": "no_trade", "reason": "the plan to be changed is over in the meantime"}
    _note_committed(context, state, trade_plan.plan_id, orders)
    return {"orders": orders, "outcome": "approved" if trade_plan.act == "open" else "replan"}


def _note_committed(
    context: RunContext, state: RunState, plan_id: str, orders: Sequence[str]
) -> None:
    event = events.PlanCommitted(plan_id=plan_id, orders=list(orders))
    context.recorder.record(state["run_id"], "submit", event)


def _submit_exit(context: RunContext, state: RunState) -> Update:
    draft = ExitDraft.model_validate(state["draft"])
    committed = commit_exit(context, state, draft)
    if committed is None:
        return {"outcome": "no_trade", "reason": "the position is being closed already, or is over"}
    plan_id, orders = committed
    _note_committed(context, state, plan_id, orders)
    return {"orders": orders, "outcome": "exit", "reason": draft.thesis}
