"""What each node leaves in the trace, and how state's hashes are read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agent.asking import Reply
from agent.messages import dump_message, load_message
from agent.picture import filled
from domain.numbers import plain
from domain.plan import TradePlan
from domain.snapshot import Snapshot
from domain.strict_json import canonical, exact
from domain.verdict import Denied, Verdict
from graph.context import RunContext
from graph.state import AnswerKind, RunState
from graph.terms import terms_of
from graph.world import World
from policies.case import Case
from policies.case_document import case_document
from policies.document import read_verdict, verdict_document
from policies.evidence import SHOWN_DIGITS, CheckedNumber
from tools.protocol import ToolAnswer
from traces import events
from traces.recorder import Recorder


def keep(context: RunContext, message: BaseMessage) -> str:
    """Store a message; the hash stands for it in the state."""
    return context.recorder.blob(dump_message(message))


def message_of(context: RunContext, message_hash: str) -> BaseMessage:
    """The message a hash stands for, as it was stored (redacted)."""
    read = context.recorder.read_blob
    return filled(load_message(read(message_hash)), read)


def answer_of(context: RunContext, message_hash: str) -> AIMessage:
    """The model's message a hash stands for; an empty one if it is no model's message."""
    message = message_of(context, message_hash)
    return message if isinstance(message, AIMessage) else AIMessage("")


def plan_of(context: RunContext, plan_hash: str) -> TradePlan:
    """The plan a hash stands for."""
    return TradePlan.model_validate_json(context.recorder.read_blob(plan_hash))


def verdict_of(context: RunContext, verdict_hash: str) -> Verdict:
    """The verdict a hash stands for."""
    return read_verdict(json.loads(context.recorder.read_blob(verdict_hash)))


def keep_verdict(context: RunContext, verdict: Verdict) -> str:
    """Store a verdict."""
    return context.recorder.blob(canonical(verdict_document(verdict)))


def note_start(context: RunContext, identity: str, symbol: str, as_of: datetime) -> None:
    """The run begins: what decides, under which policy, on which data."""
    world = World(context)
    world.elapsed_s(identity)
    context.recorder.record(
        identity,
        "observe",
        events.RunStarted(
            symbol=symbol,
            as_of=as_of,
            model=context.planner.model_name,
            policy_hash=context.policy.policy_hash,
            prompt_hash=context.prompt_hash,
            market=world.market(),
            terms=context.recorder.blob(terms_of(context).text),
        ),
    )


def note_snapshot(context: RunContext, identity: str, snapshot: Snapshot) -> str:
    """What was seen and where it came from; returns the snapshot's hash."""
    snapshot_hash = context.recorder.blob(snapshot.model_dump_json())
    context.recorder.record(
        identity,
        "observe",
        events.SnapshotTaken(
            snapshot=snapshot_hash,
            last=str(snapshot.last),
            missing=list(snapshot.missing),
            quality=[str(flag) for flag in snapshot.quality],
            sit_out=list(snapshot.regime.sit_out_reasons),
            provenance={k: v.model_dump(mode="json") for k, v in snapshot.provenance.items()},
        ),
    )
    return snapshot_hash


def note_prompt(context: RunContext, state: RunState, messages: list[BaseMessage]) -> None:
    """The prompt as it goes out: references, and how many tokens it is."""
    world = World(context)
    count = world.prompt_size(messages, state["offers"])
    context.recorder.record(
        state["run_id"],
        "plan",
        events.PromptSent(
            messages=state["messages"],
            tools=context.recorder.blob(world.tools_text(state["offers"])),
            tokens=count.tokens,
            tokens_from=count.source,
        ),
    )
    context.recorder.flush()


def note_reply(context: RunContext, state: RunState, reply: Reply, message_hash: str) -> None:
    """The model's message, its tokens and its price; and what was asked before it in vain."""
    for passed in reply.passed_over:
        failed = events.ModelFailed(
            error=type(passed.error).__name__,
            message=str(passed.error),
            latency_ms=passed.latency_ms,
            model=passed.model,
        )
        context.recorder.record(state["run_id"], "plan", failed)
    context.recorder.record(
        state["run_id"],
        "plan",
        events.ModelAnswered(
            message=message_hash,
            latency_ms=reply.latency_ms,
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
            cached_tokens=reply.usage.cached_tokens,
            tokens_from=reply.usage.source,
            cost_usd=None if reply.cost_usd is None else str(reply.cost_usd),
            finish_reason=reply.finish_reason,
            model=reply.model,
        ),
    )


def note_answer(
    context: RunContext,
    state: RunState,
    answer: AnswerKind,
    body: dict[str, Any] | None = None,
    complaint: str | None = None,
) -> None:
    """What the message was read as."""
    context.recorder.record(
        state["run_id"],
        "plan",
        events.AnswerParsed(answer=answer, body=body, complaint=complaint),
    )


def note_tool(context: RunContext, state: RunState, answer: ToolAnswer) -> None:
    """One tool call with what it cost and where its data comes from."""
    event = tool_answered(context.recorder, answer)
    context.recorder.record(state["run_id"], "call_tools", event)


def tool_answered(recorder: Recorder, answer: ToolAnswer) -> events.ToolAnswered:
    """The event of a call; its content is kept."""
    return events.ToolAnswered(
        result_id=answer.result_id,
        name=answer.call.name,
        arguments=answer.call.arguments,
        content=recorder.blob(answer.content),
        refusal=answer.refusal,
        latency_ms=answer.latency_ms,
        cached=answer.cached,
        cost_units=answer.cost_units,
        partial=answer.partial,
        source=answer.source,
        origin=answer.origin,
        known_at=answer.known_at,
    )


def note_review(
    context: RunContext,
    state: RunState,
    plan: TradePlan,
    case: Case,
    verdict: Verdict,
    checked: Sequence[CheckedNumber],
) -> None:
    """The verdict with every finding, and the whole case that it is about."""
    document = verdict_document(verdict)
    context.recorder.record(
        state["run_id"],
        "review",
        events.Reviewed(
            plan_id=plan.plan_id,
            version=plan.version,
            approved=verdict.approved,
            codes=list(verdict.codes),
            findings=document["findings"],
            bracket=document.get("bracket"),
            stage="review",
            case=context.recorder.blob(exact(case_document(case))),
            nearest=document["nearest"],
            numbers=[_row(one) for one in checked],
        ),
    )


def _row(one: CheckedNumber) -> dict[str, Any]:
    return {
        "where": one.where,
        "number": plain(one.number),
        "source": one.source,
        "found": None if one.found is None else plain(one.found, SHOWN_DIGITS),
        "tolerance": plain(one.tolerance, SHOWN_DIGITS),
        "agrees": one.agrees,
    }


def primary_sentence(verdict: Verdict) -> str:
    """The first failing finding's sentence."""
    return verdict.failed[0].sentence if isinstance(verdict, Denied) and verdict.failed else ""


def add_cost(total: str | None, cost: Decimal | None) -> str | None:
    """Running cost in USD as text; unknown as soon as one part is unknown."""
    if total is None or cost is None:
        return None
    return str(Decimal(total) + cost)
