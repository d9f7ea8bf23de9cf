"""Second opinions on a plan that the gate would let through: asked for once, and they stand.

Only what opens or adds is asked about; an exit, a closer stop and doing nothing are never held up.
A draft that the gate denies costs no vote. What all who agreed can stand by goes before the gate
again where it is another draft; one that is made after a denial meets the same votes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.answers import ANSWERS
from agent.ballots import ballots
from agent.consensus import Draft, Ruling, agrees, ruling
from agent.tokens import TokenCount
from agent.voting import Vote, answer_of
from domain.errors import OverBudget, StateError
from domain.numbers import plain, to_decimal
from domain.plan import PlanDraft, ReplanDraft
from graph.answers import ended_without_answer
from graph.caps import cap_reached
from graph.context import RunContext
from graph.recording import add_cost, keep, message_of
from graph.replanning import Change, change_of
from graph.state import RunState
from graph.world import World
from policies.explain import rules_text
from traces.opinion_events import VoteCast, VotesCounted

Update = dict[str, Any]
TIME_SHARE = 0.5
"""Of the decision's time that is left: a revision may still be needed."""


async def consult(context: RunContext, state: RunState) -> Update:
    """Ask everybody else what they would do, and make one draft of it, or none."""
    try:
        change = change_of(context, state)
    except StateError as error:
        return {"approved": False, **ended_without_answer("NO_PLAN", str(error))}
    if change.act == "adjust":
        return {}
    asked: Update = {"opinions": state["opinions"]}
    if not state["opinions"]:
        asked = await _ask(context, state, _draft(state))
    if "outcome" in asked:
        return asked
    found = _ruled(context, state, change, asked["opinions"])
    summary = {
        **asked["opinions"],
        "code": found.code,
        "agreed_count": found.agreed_count,
        "asked_count": found.asked_count,
        "flips_count": found.flips_count,
        "repeats_count": found.repeats_count,
    }
    if found.draft is None:
        ended = {"outcome": "no_trade", "codes": [found.code], "reason": found.sentence}
        return {**asked, "opinions": summary, "approved": False, **ended}
    return {
        **asked,
        "opinions": summary,
        "draft": found.draft.model_dump(mode="json"),
        "approved": state["approved"] and found.draft == _draft(state),
    }


async def _ask(context: RunContext, state: RunState, draft: Draft) -> Update:
    """Every vote and repeat, with what they took; an outcome where there is no room for them."""
    world = World(context)
    rules = rules_text(context.policy, world.instrument(state["symbol"]))
    conversation = [message_of(context, h) for h in state["messages"]]
    answers = [name for name in state["offers"] if name in ANSWERS]
    asked = ballots(context.opinions, rules, conversation, answers, state["run_id"])
    counts = [world.prompt_size(*ballot.prompt) for ballot in asked]
    elapsed_s = world.elapsed_s(state["run_id"])
    if reached := _no_room(context, state, counts, elapsed_s):
        return {"approved": False, **ended_without_answer(*reached)}
    left_s = (context.caps.max_seconds_s - elapsed_s) * TIME_SHARE
    try:
        votes = await world.votes(asked, left_s, state)
    except OverBudget as error:
        words = f"second opinions are asked of everybody or of nobody: {error}"
        return {"approved": False, **ended_without_answer("MONEY_CAP", words)}
    cast = [_note(context, state, draft, *each) for each in zip(votes, counts, strict=True)]
    cost = state["cost_usd"]
    for vote in votes:
        cost = add_cost(cost, vote.reply.cost_usd if vote.reply else None)
    return {
        "model_calls": state["model_calls"] + len(cast),
        "input_tokens": state["input_tokens"] + sum(each.input_tokens for each in cast),
        "output_tokens": state["output_tokens"] + sum(each.output_tokens for each in cast),
        "cost_usd": cost,
        "opinions": {
            "votes": [[each.answer, each.body] for each in cast if each.repeat is None],
            "repeats": [[each.answer, each.body] for each in cast if each.repeat is not None],
        },
    }


def _no_room(
    context: RunContext, state: RunState, counts: Sequence[TokenCount], elapsed_s: float
) -> tuple[str, str] | None:
    caps, room = context.caps, context.caps.max_model_calls_count - state["model_calls"]
    if reached := cap_reached(caps, state, elapsed_s):
        return reached
    if len(counts) > room:
        return "CALLS_CAP", (
            f"second opinions take {len(counts)} calls of models, and {room} of "
            f"{caps.max_model_calls_count} are left"
        )
    tokens = state["input_tokens"] + state["output_tokens"] + sum(c.tokens for c in counts)
    if tokens > caps.max_tokens_count:
        return "TOKENS_CAP", (
            f"with the questions for second opinions {tokens} tokens would be used, the cap is "
            f"{caps.max_tokens_count}"
        )
    return None


def _note(
    context: RunContext, state: RunState, draft: Draft, vote: Vote, count: TokenCount
) -> VoteCast:
    """One vote in the trace; of one that nobody answered, the prompt counts."""
    ballot, reply = vote.ballot, vote.reply
    event = VoteCast(
        voter=ballot.voter.name,
        repeat=ballot.repeat,
        messages=[keep(context, message) for message in ballot.messages],
        tools=context.recorder.blob(
            World(context).tools_text(ballot.answers, ballot.voter.planner)
        ),
        message=keep(context, reply.message) if reply else None,
        model=reply.model if reply else None,
        answer=vote.kind,
        body=None if vote.answer is None else vote.answer.model_dump(mode="json"),
        complaint=vote.complaint,
        agrees=agrees(draft, vote.answer),
        latency_ms=vote.took_ms,
        input_tokens=reply.usage.input_tokens if reply else count.tokens,
        output_tokens=reply.usage.output_tokens if reply else 0,
        cached_tokens=reply.usage.cached_tokens if reply else 0,
        tokens_from=reply.usage.source if reply else count.source,
        cost_usd=None if reply is None or reply.cost_usd is None else str(reply.cost_usd),
    )
    context.recorder.record(state["run_id"], "consult", event)
    return event


def _ruled(context: RunContext, state: RunState, change: Change, said: Mapping[str, Any]) -> Ruling:
    snapshot = context.snapshot(state)
    features = snapshot.decision_features
    atr = None if features is None or features.atr_14 is None else to_decimal(features.atr_14)
    found = ruling(
        _draft(state),
        change.draft.side,
        [answer_of(*each) for each in said["votes"]],
        [answer_of(*each) for each in said["repeats"]],
        snapshot.last,
        atr,
        context.opinions.terms,
    )
    apart = found.dispersion_atr_ratio
    event = VotesCounted(
        code=found.code,
        sentence=found.sentence,
        agreed_count=found.agreed_count,
        asked_count=found.asked_count,
        flips_count=found.flips_count,
        repeats_count=found.repeats_count,
        dispersion_atr_ratio=None if apart is None else plain(apart),
        body=None if found.draft is None else found.draft.model_dump(mode="json"),
    )
    context.recorder.record(state["run_id"], "consult", event)
    return found


def _draft(state: RunState) -> Draft:
    kind = ReplanDraft if state["answer"] == "replan" else PlanDraft
    return kind.model_validate(state["draft"])
