"""What an answer does to the plan that stands, if one does."""

from __future__ import annotations

from typing import NamedTuple

from domain.errors import StateError
from domain.plan import PlanAct, PlanDraft, ReplanDraft, TradePlan
from domain.verdict import Verdict
from graph.context import RunContext
from graph.state import RunState
from graph.world import World
from policies.case import Case
from policies.gate import review
from policies.replan import review_levels


class Change(NamedTuple):
    """A draft, and the plan that it would be a version of."""

    draft: PlanDraft
    act: PlanAct = "open"
    plan_id: str | None = None
    """The plan that it changes; None for a plan of its own."""
    newest_version: int = 0
    """Of that plan."""
    changed_run: str | None = None
    """The run that made its head."""


def change_of(context: RunContext, state: RunState) -> Change:
    """What the run's draft does: opens a plan, or changes the one that stands.

    Raises:
        StateError: a replan, and no plan stands any more.
    """
    if state["answer"] != "replan":
        return Change(PlanDraft.model_validate(state["draft"]))
    draft = ReplanDraft.model_validate(state["draft"])
    world, symbol = World(context), state["symbol"]
    stored = world.stored_standing_plan(symbol)
    if stored is None:
        raise StateError(f"no plan of {symbol} stands any more that could be changed")
    plan = stored.plan
    act: PlanAct = "replace"
    position = world.position(symbol)
    if position is not None and position.plan_id == plan.plan_id:  # else dust of an earlier plan
        act = "scale_in" if draft.add else "adjust"
    # What this run committed before it was interrupted is what it makes again.
    others = [v.plan for v in world.versions(plan.plan_id) if v.plan.run_id != state["run_id"]]
    newest = max((earlier.version for earlier in others), default=0)
    return Change(draft.draft(stored.bracket.side), act, plan.plan_id, newest, plan.run_id)


def judged(context: RunContext, case: Case, plan: TradePlan) -> Verdict:
    """The gate's word; new levels of a position are judged as exits are, everything else whole."""
    if plan.act == "adjust":
        return review_levels(case, World(context).stored_plan(plan.plan_id).bracket)
    return review(case)
