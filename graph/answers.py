"""What a model's answer does to the state: data calls, a draft, no trade, a complaint."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AIMessage

from agent.parse import Asked, CallRequest, Invalid, parse_answer
from domain.plan import Answer, Evidence, ExitDraft, NoTrade, PlanDraft, ReplanDraft
from domain.strict_json import JsonRefused, loads
from graph.caps import may_revise
from graph.context import RunContext
from graph.recording import note_answer
from graph.state import RunState
from graph.world import World
from tools.protocol import Spent, ToolAnswer, ToolCall, ToolRequest

Update = dict[str, Any]


def ended_without_answer(code: str, reason: str) -> Update:
    """A cap or an outage ends the run; nothing is traded."""
    return {"answer": "none", "outcome": "failed", "codes": [code], "reason": reason}


def read_answer(context: RunContext, state: RunState, message: AIMessage) -> Update:
    """Parse the model's message and say what follows from it."""
    parsed = parse_answer(message, World(context).tool_names())
    if isinstance(parsed, ExitDraft | ReplanDraft):
        parsed = _on_what_stands(context, state["symbol"], parsed)
    if isinstance(parsed, Asked) and state["tool_turns"] >= context.caps.max_tool_turns_count:
        turns = context.caps.max_tool_turns_count
        note_answer(context, state, "tool_calls")
        return ended_without_answer(
            "TOOL_TURNS_CAP", f"the model asked for data in more than {turns} turns, the cap"
        )
    return _follow(context, state, parsed)


def _on_what_stands(
    context: RunContext, symbol: str, draft: ExitDraft | ReplanDraft
) -> ExitDraft | ReplanDraft | Invalid:
    """The draft, unless there is nothing that it could close or change."""
    world = World(context)
    stands = world.stored_standing_plan(symbol) is not None
    if isinstance(draft, ReplanDraft):
        if stands:
            return draft
        return Invalid("NO_PLAN", f"no plan of {symbol} stands that could be changed")
    if stands or world.position(symbol) is not None:
        return draft
    return Invalid("NO_POSITION", f"there is no open position in {symbol} to exit, and no entry")


def _follow(context: RunContext, state: RunState, parsed: Asked | Answer | Invalid) -> Update:
    match parsed:
        case Asked():
            note_answer(context, state, "tool_calls")
            return {"answer": "tool_calls"}
        case Invalid(code=code, complaint=sentence):
            note_answer(context, state, "invalid", None, f"{code}: {sentence}")
            if not may_revise(context.caps, state):
                return ended_without_answer(code, sentence)
            return {"answer": "invalid", "complaint": [code, sentence], "codes": [code]}
        case NoTrade():
            return _abstained(context, state, parsed)
        case PlanDraft():
            return _proposed(context, state, "plan", parsed)
        case ReplanDraft():
            return _proposed(context, state, "replan", parsed)
        case ExitDraft():
            return _proposed(context, state, "exit", parsed)


def _abstained(context: RunContext, state: RunState, no_trade: NoTrade) -> Update:
    note_answer(context, state, "no_trade", no_trade.model_dump(mode="json", exclude_defaults=True))
    return {
        "answer": "no_trade",
        "outcome": "no_trade",
        "codes": [],
        "reason": no_trade.reason,
        "wake_if": list(no_trade.wake_if),
    }


def _proposed(
    context: RunContext,
    state: RunState,
    kind: Literal["plan", "replan", "exit"],
    draft: PlanDraft | ReplanDraft | ExitDraft,
) -> Update:
    body = draft.model_dump(mode="json")
    note_answer(context, state, kind, body)
    return {"answer": kind, "draft": body, "complaint": [], "codes": []}


def tool_call(call: CallRequest) -> ToolCall:
    """The desk's form of a call; arguments that cannot be read become one the desk refuses."""
    try:
        arguments = loads(call.arguments_text or "{}")
    except JsonRefused as error:
        arguments = {"unreadable": str(error)}
    return ToolCall(
        call.call_id,
        call.name,
        arguments if isinstance(arguments, dict) else {"unreadable": "not a JSON object"},
    )


def evidence(answer: ToolAnswer, request: ToolRequest) -> dict[str, Any]:
    """What the gate needs to know of a tool call, JSON-able: did it answer, and as of when."""
    return Evidence(
        result_id=answer.result_id,
        tool=answer.call.name,
        ok=answer.refusal is None,
        as_of=request.as_of,
    ).model_dump(mode="json")


def spent_so_far(state: RunState, remaining_s: float) -> Spent:
    """What the decision has had of the desk, for the desk."""
    return Spent(
        calls_count=state["tool_calls"],
        cost_units=state.get("tool_cost_units", 0),
        turns_count=state["tool_turns"],
        proposals_count=len(state["versions"]),
        remaining_s=remaining_s,
    )
