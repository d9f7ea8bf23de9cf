"""A draft before the gate: in earnest by the review node, or only to be told what it would say."""

from __future__ import annotations

from typing import NamedTuple

from domain.plan import Evidence, PlanDraft, TradePlan, make_plan
from domain.snapshot import Snapshot
from domain.verdict import Verdict
from graph.context import RunContext
from graph.evidence import checked
from graph.recording import plan_of
from graph.replanning import Change, judged
from graph.state import RunState
from graph.world import World
from policies.case import Case, case_of
from policies.conditions import readings
from policies.evidence import CheckedNumber, with_evidence
from policies.facts import market_facts
from policies.nearest import advised


class Reviewed(NamedTuple):
    """A plan, what the gate saw of it, and its word."""

    plan: TradePlan
    case: Case
    verdict: Verdict
    fresh: Snapshot
    """The market that it was judged on."""
    checked: tuple[CheckedNumber, ...]
    """Its numbers beside their sources; empty where nobody asked for any."""


async def reviewed(context: RunContext, state: RunState, change: Change) -> Reviewed:
    """The draft before the evidence check and the gate: one verdict of both; nothing is written.

    Raises:
        DataError: market or account cannot be seen.
        Unreachable: no answer.
    """
    found = await judged_as(context, state, change)
    rows = checked(context, state, change.draft)
    verdict = with_evidence(_advised(found), rows, context.policy)
    return found._replace(verdict=verdict, checked=rows)


async def judged_as(context: RunContext, state: RunState, change: Change) -> Reviewed:
    """Wrap the draft into a plan and hold it before the gate; nobody looks for what would pass.

    Raises:
        DataError: market or account cannot be seen.
        Unreachable: no answer.
    """
    seen, world = context.snapshot(state), World(context)
    now = world.now(state)
    fresh = seen if now == seen.as_of else await world.snapshot(seen.symbol, now)
    account = await world.account(now, fresh, state, change.changed_run)
    versions = state["versions"]
    previous = plan_of(context, versions[-1][0]) if versions else None
    plan = make_plan(
        change.draft,
        version=change.newest_version + len(versions) + 1,
        run_id=state["run_id"],
        symbol=state["symbol"],
        as_of=seen.as_of,
        timeframe=context.timeframe,
        decision_price=seen.last,
        model=context.planner.model_name,
        prompt_hash=context.prompt_hash,
        policy_hash=context.policy.policy_hash,
        revises=previous.plan_id if previous else None,
        evidence=tuple(Evidence.model_validate(item) for item in state["evidence"]),
        act=change.act,
        changes=change.plan_id,
    )
    case = case_of(
        plan,
        world.instrument(seen.symbol),
        context.symbols,
        market_facts(fresh, now, world.clock_jump_s()),
        account,
        context.policy,
        head_version=plan.version,
        standing=world.standing_facts(plan),
        readings=readings(plan.draft.invalid_if, fresh),
    )
    return Reviewed(plan, case, judged(context, case, plan), fresh, ())


async def what_if(context: RunContext, state: RunState, draft: PlanDraft) -> Verdict:
    """What the gate would say if the draft were proposed now, its numbers taken as they are.

    Raises:
        DataError: market or account cannot be seen.
        Unreachable: no answer.
    """
    return _advised(await judged_as(context, state, Change(draft)))


def _advised(found: Reviewed) -> Verdict:
    """The gate's word with the nearest plan that passes; new levels are judged as exits are."""
    return found.verdict if found.plan.act == "adjust" else advised(found.case, found.verdict)
