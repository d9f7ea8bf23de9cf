"""The numbers of a run's draft held against what the run has seen."""

from __future__ import annotations

from langchain_core.messages import HumanMessage, SystemMessage

from agent.evidence import checked_numbers
from agent.parse import parse_answer
from agent.sources import Sources, results_of
from domain.plan import PlanDraft, ReplanDraft
from domain.verdict import Verdict
from graph.context import RunContext
from graph.recording import answer_of, message_of, plan_of, verdict_of
from graph.state import RunState
from graph.world import World
from policies.evidence import CODES, CheckedNumber

OPENING = 2
"""The run's first messages: the rules and the situation. Later ones may repeat a model's words."""


def checked(context: RunContext, state: RunState, draft: PlanDraft) -> tuple[CheckedNumber, ...]:
    """Every number of the draft beside its source; nothing where the policy asks for none."""
    if context.policy.evidence == "off":
        return ()
    tick = World(context).instrument(state["symbol"]).price_tick
    said, merged = _as_the_model_said(context, state, draft), bool(state.get("opinions"))
    return checked_numbers(draft, said, *seen(context, state), tick, merged=merged)


def seen(context: RunContext, state: RunState) -> tuple[Sources, list[str]]:
    """What a plan of this run may name, and every text with numbers that the model was shown."""
    messages = [message_of(context, name) for name in state["messages"]]
    results, world = results_of(messages), World(context)
    opening = [m.text for m in messages[:OPENING] if isinstance(m, HumanMessage | SystemMessage)]
    sources = Sources(
        snapshot=context.snapshot(state),
        plan=world.standing_plan(state["symbol"]),
        position=world.position(state["symbol"]),
        judged=[
            (plan_of(context, plan_hash).draft, verdict_of(context, verdict_hash))
            for plan_hash, verdict_hash in state["versions"]
        ],
        results=results,
    )
    return sources, [*opening, *(told.text for told in results.values())]


def was_told_before(context: RunContext, state: RunState, verdict: Verdict) -> bool:
    """Whether numbers are wrong that were sent back for it once already."""
    if not CODES & set(verdict.codes):
        return False
    earlier = (verdict_of(context, verdict_hash) for _, verdict_hash in state["versions"])
    return any(CODES & set(one.codes) for one in earlier)


def _as_the_model_said(context: RunContext, state: RunState, draft: PlanDraft) -> PlanDraft:
    """The model's own words; others, or a person who steps through a run, may have changed them."""
    said = parse_answer(answer_of(context, state["messages"][-1]), World(context).tool_names())
    if isinstance(said, ReplanDraft):
        return said.draft(draft.side)
    return said if isinstance(said, PlanDraft) else draft
