"""The steps of a decision, each thin: read the state, ask one room, write hashes back.

Every arrow also appends events to the trace. No node calls a venue. `consult` and `submit` have
modules of their own (`graph.consulting`, `graph.submitting`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from langchain_core.messages import ToolMessage

from agent.critique import complaint_messages, critique_messages
from agent.parse import Asked, Invalid, parse_answer
from domain.clock import parse_moment
from domain.errors import (
    MARKET_FAILURES,
    AccessRefused,
    ConfigError,
    OverBudget,
    PlangateError,
    StateError,
    Unreachable,
)
from domain.snapshot import Snapshot
from domain.verdict import Denied
from graph.answers import ended_without_answer, evidence, read_answer, spent_so_far, tool_call
from graph.caps import cap_reached, may_go_on
from graph.certificate import certificate, known_of_answers, known_of_snapshot
from graph.context import RunContext
from graph.decision import decision_document
from graph.evidence import was_told_before
from graph.identity import run_id
from graph.opening import offered, offers_after, opening
from graph.reads import Asking
from graph.recording import (
    add_cost,
    answer_of,
    keep,
    keep_verdict,
    message_of,
    note_prompt,
    note_reply,
    note_review,
    note_snapshot,
    note_start,
    note_tool,
    primary_sentence,
    verdict_of,
)
from graph.replanning import change_of
from graph.reviewing import reviewed, what_if
from graph.state import RunState, initial_state
from graph.waking import sight, waking
from graph.world import World
from tools.protocol import ToolRequest
from traces import events

Update = dict[str, Any]


async def observe(context: RunContext, state: RunState) -> Update:
    """Open the run, take the snapshot and write the opening prompt."""
    symbol, as_of, world = state["symbol"], parse_moment(state["as_of"]), World(context)
    identity = run_id(context, symbol, as_of)
    begun = initial_state(identity, symbol, state["as_of"], consults=context.opinions.wanted)
    note_start(context, identity, symbol, as_of)
    try:
        snapshot = await world.snapshot(symbol, as_of)
        account = await world.account(as_of, snapshot, begun)
    except MARKET_FAILURES as error:
        return {**begun, **ended_without_answer("DATA_UNAVAILABLE", str(error))}
    looked: Update = {
        "snapshot": note_snapshot(context, identity, snapshot),
        "known": known_of_snapshot({}, snapshot),
    }
    if context.attention.sleeps:
        looked |= _awake(context, identity, snapshot)
    if "outcome" in looked:
        return {**begun, **looked}
    offers = offered(context, symbol)
    messages = await opening(context, world, identity, snapshot, account, offers)
    return {**begun, **looked, "offers": offers, "messages": messages}


def _awake(context: RunContext, identity: str, snapshot: Snapshot) -> Update:
    """Why the model is asked; where nothing has happened the run is over."""
    seen = sight(context, snapshot)
    why = waking(context, snapshot, seen)
    event = events.Attended(asked=why.asks, code=why.code, sentence=why.sentence)
    context.recorder.record(identity, "observe", event)
    update: Update = {"seen": seen, "woken": list(why)}
    return update if why.asks else {**update, "outcome": "quiet", "reason": why.sentence}


async def plan(context: RunContext, state: RunState) -> Update:
    """Ask the model once and read its answer."""
    world = World(context)
    elapsed_s = world.elapsed_s(state["run_id"])
    if reached := cap_reached(context.caps, state, elapsed_s):
        return ended_without_answer(*reached)
    messages = [message_of(context, h) for h in state["messages"]]
    note_prompt(context, state, messages)
    try:
        left_s = context.caps.max_seconds_s - elapsed_s
        reply = await world.reply(messages, left_s, state)
    except Unreachable as error:
        return _unanswered(context, state, "MODEL_UNAVAILABLE", error)
    except OverBudget as error:
        return _unanswered(context, state, "MONEY_CAP", error)
    except (AccessRefused, ConfigError) as error:
        if context.replay or not world.has_decided():
            raise  # nothing has begun that would have to be looked after
        return _unanswered(context, state, "MODEL_REFUSED", error)
    message_hash = keep(context, reply.message)
    note_reply(context, state, reply, message_hash)
    return {
        "messages": [*state["messages"], message_hash],
        "model_calls": state["model_calls"] + 1,
        "input_tokens": state["input_tokens"] + reply.usage.input_tokens,
        "output_tokens": state["output_tokens"] + reply.usage.output_tokens,
        "cost_usd": add_cost(state["cost_usd"], reply.cost_usd),
        **read_answer(context, state, reply.message),
    }


def _unanswered(context: RunContext, state: RunState, code: str, error: PlangateError) -> Update:
    event = events.ModelFailed(error=type(error).__name__, message=str(error), latency_ms=0.0)
    context.recorder.record(state["run_id"], "plan", event)
    return ended_without_answer(code, str(error))


async def call_tools(context: RunContext, state: RunState) -> Update:
    """Run the calls of the last answer, all at once, and append their answers."""
    world = World(context)
    asked = parse_answer(answer_of(context, state["messages"][-1]), world.tool_names())
    calls = asked.calls if isinstance(asked, Asked) else ()
    request = ToolRequest(
        source=context.source,
        symbol=state["symbol"],
        symbols=context.symbols,
        timeframe=context.timeframe.value,
        as_of=world.now(state),
        feeds=context.feeds,
        journal=context.journal,
        policy=context.policy,
        review=partial(what_if, replace(context, reads=Asking()), state),
    )
    elapsed_s = world.elapsed_s(state["run_id"])
    spent = spent_so_far(state, context.caps.max_seconds_s - elapsed_s)
    answers = await world.tool_answers([tool_call(call) for call in calls], request, spent)
    for answer in answers:
        note_tool(context, state, answer)
    hashes = [
        keep(context, ToolMessage(a.content, tool_call_id=a.call.call_id, name=a.call.name))
        for a in answers
    ]
    return {
        "messages": [*state["messages"], *hashes],
        "evidence": [*state["evidence"], *(evidence(answer, request) for answer in answers)],
        "known": known_of_answers(state["known"], answers, request.as_of),
        "tool_turns": state["tool_turns"] + 1,
        "offers": offers_after(context, state),
        "tool_calls": state["tool_calls"] + len(answers),
        "tool_cost_units": spent.cost_units + sum(answer.cost_units for answer in answers),
    }


async def review(context: RunContext, state: RunState) -> Update:
    """Wrap the draft into a plan and judge it: its numbers, then what the gate says."""
    try:
        change = change_of(context, state)
        found = await reviewed(context, state, change)
    except MARKET_FAILURES as error:
        return {"approved": False, **ended_without_answer("DATA_UNAVAILABLE", str(error))}
    except StateError as error:
        return {"approved": False, **ended_without_answer("NO_PLAN", str(error))}
    verdict = found.verdict
    note_review(context, state, found.plan, found.case, verdict, found.checked)
    pair = [
        context.recorder.blob(found.plan.model_dump_json()),
        keep_verdict(context, verdict),
    ]
    over = was_told_before(context, state, verdict)
    return {
        "versions": [*state["versions"], pair],
        "known": known_of_snapshot(state["known"], found.fresh),
        "approved": verdict.approved,
        "codes": list(verdict.codes),
        "reason": change.draft.thesis if verdict.approved else primary_sentence(verdict),
        "outcome": None if may_go_on(context.caps, state, verdict) and not over else "denied",
    }


async def revise(context: RunContext, state: RunState) -> Update:
    """Send the denial, or the complaint about an unreadable answer, back to the model."""
    left = context.caps.max_revisions_count - state["revisions"] - 1
    last = answer_of(context, state["messages"][-1])
    if state["complaint"]:
        messages = complaint_messages(last, Invalid(*state["complaint"]), left)
    else:
        verdict, count = verdict_of(context, state["versions"][-1][1]), len(state["versions"])
        merged = bool(state.get("opinions"))
        messages = (
            critique_messages(last, verdict, count, left, merged=merged)
            if isinstance(verdict, Denied)
            else []
        )
    hashes = [keep(context, message) for message in messages]
    context.recorder.record(
        state["run_id"],
        "revise",
        events.Revised(revision=state["revisions"] + 1, message=hashes[0], codes=state["codes"]),
    )
    return {
        "messages": [*state["messages"], *hashes],
        "revisions": state["revisions"] + 1,
        "complaint": [],
    }


async def record(context: RunContext, state: RunState) -> Update:
    """Close the trace and write the decision into the journal."""
    world, outcome = World(context), state["outcome"] or "failed"
    context.recorder.record(state["run_id"], "record", certificate(state))
    context.recorder.record(
        state["run_id"],
        "record",
        events.RunEnded(
            outcome=outcome,
            reason=state["reason"],
            codes=state["codes"],
            model_calls=state["model_calls"],
            tool_calls=state["tool_calls"],
            input_tokens=state["input_tokens"],
            output_tokens=state["output_tokens"],
            cost_usd=state["cost_usd"],
            duration_ms=world.elapsed_s(state["run_id"]) * 1000,
        ),
    )
    document = decision_document(context, state)
    moment = parse_moment(state["as_of"])
    world.write(
        "decision",
        None,
        lambda to: to.record_decision(state["run_id"], moment, state["symbol"], outcome, document),
    )
    context.stopwatch.forget(state["run_id"])
    return {}
