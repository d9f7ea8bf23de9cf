"""What a span says of a model's call, a tool's answer or a verdict, in OpenInference's words.

Source: OpenInference semantic conventions (github.com/Arize-ai/openinference, spec). Its list of
objects is flattened: `llm.input_messages.0.message.role`. What it has no word for is `plangate.`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from traces import events as ev
from traces.blobs import ReadBlob
from traces.opinion_events import VoteCast
from traces.view_words import compact, message
from traces.visits import Visit

Attributes = dict[str, str | int | float | bool]

KIND = "openinference.span.kind"
_ROLES = {"human": "user", "ai": "assistant"}


def of_call(
    event: ev.ModelAnswered | ev.ModelFailed | VoteCast,
    asked: ev.PromptSent | VoteCast | None,
    model: str,
    read: ReadBlob,
) -> Attributes:
    """One call of a model: what it was sent, and what came of it where something did.

    Args:
        event: What came.
        asked: What it was sent; None where that is not on record.
        model: Of the session, where the event names none.
        read: The text of a hash.
    """
    kind, _, name = (event.model or model).rpartition(":")
    found: Attributes = {KIND: "LLM", "llm.model_name": name, "llm.system": kind or "plangate"}
    if kind:
        found["llm.provider"] = kind
    if asked is not None:
        found |= _messages("llm.input_messages", [read(each) for each in asked.messages])
        found |= _tools(read(asked.tools))
    if isinstance(event, ev.ModelFailed) or event.message is None:
        return found
    found |= _messages("llm.output_messages", [read(event.message)])
    found |= {
        "llm.token_count.prompt": event.input_tokens,
        "llm.token_count.completion": event.output_tokens,
        "llm.token_count.total": event.input_tokens + event.output_tokens,
        "llm.token_count.prompt_details.cache_read": event.cached_tokens,
        "plangate.tokens_from": event.tokens_from,
    }
    if event.cost_usd is not None:
        found["llm.cost.total"] = float(event.cost_usd)  # the convention's type
    if isinstance(event, ev.ModelAnswered) and event.finish_reason is not None:
        found["llm.finish_reason"] = event.finish_reason
    return found


def of_tool(event: ev.ToolAnswered, read: ReadBlob) -> Attributes:
    """One call of a tool: what it was asked, and what the model was given for it."""
    known = event.model_dump(
        mode="json",
        include={"refusal", "cached", "source", "origin", "known_at", "cost_units", "partial"},
    )
    return {
        KIND: "TOOL",
        "tool.name": event.name,
        "tool.id": event.result_id,
        **_value("input", compact(event.arguments)),
        **_value("output", read(event.content)),
        **_own(known),
    }


def of_verdict(event: ev.Reviewed, body: Mapping[str, Any] | None) -> Attributes:
    """One verdict: the draft that it is of, and each rule that did not pass in its own words."""
    failed = [finding["sentence"] for finding in event.findings if not finding["passed"]]
    told = {"approved": event.approved, "codes": event.codes, "failed": failed}
    known = event.model_dump(mode="json", include={"plan_id", "version", "stage", "approved"})
    return {
        KIND: "GUARDRAIL",
        **(_value("input", compact(body)) if body is not None else {}),
        **_value("output", compact(told)),
        **_own({**known, "codes": event.codes, "rules_count": len(event.findings)}),
    }


def of_run(
    session: str, run_id: str, started: ev.RunStarted | None, ended: ev.RunEnded | None
) -> Attributes:
    """The whole decision."""
    found: Attributes = {KIND: "AGENT", "agent.name": "plangate", "session.id": session}
    found["plangate.run_id"] = run_id
    if started is not None:
        known = started.model_dump(mode="json", exclude={"kind", "fork_of"})
        found |= _own(known)
        if started.fork_of is not None:
            found["plangate.fork_of"] = started.fork_of.run_id
        asked = {"symbol": started.symbol, "as_of": known["as_of"]}
        found |= _value("input", compact(asked))
    if ended is not None:
        told = {"outcome": ended.outcome, "codes": ended.codes, "reason": ended.reason}
        found |= _own(ended.model_dump(mode="json", exclude={"kind", "duration_ms"}))
        found |= _value("output", compact(told))
    return found


def of_node(visit: Visit) -> Attributes:
    """One stay in a node of the graph."""
    return {KIND: "CHAIN", "graph.node.id": visit.name, "graph.node.name": visit.node}


def of_event(event: ev.Event) -> Attributes:
    """Any other event, field by field."""
    return _own(event.model_dump(mode="json", exclude={"kind"}))


def _own(fields: Mapping[str, Any]) -> Attributes:
    """What has no value is left out; what is not plain is JSON."""
    return {
        f"plangate.{name}": value if isinstance(value, str | int | float) else compact(value)
        for name, value in fields.items()
        if value is not None
    }


def _value(side: str, text: str) -> Attributes:
    """An input or output, and what kind of text it is."""
    mime = "text/plain" if _json(text) is None else "application/json"
    return {f"{side}.value": text, f"{side}.mime_type": mime}


def _messages(prefix: str, texts: Sequence[str]) -> Attributes:
    found: Attributes = {}
    for number, text in enumerate(texts):
        at, body = f"{prefix}.{number}.message", _json(text)
        role, words = message(text)
        found[f"{at}.role"] = _ROLES.get(role, role)
        if not isinstance(body, dict):
            found[f"{at}.content"] = words
            continue
        calls = body.get("tool_calls") or []
        found[f"{at}.content"] = words if not calls else message(_without_calls(body))[1]
        if body.get("tool_call_id"):
            found[f"{at}.tool_call_id"] = str(body["tool_call_id"])
        for place, call in enumerate(calls):
            found |= _call(f"{at}.tool_calls.{place}.tool_call", call)
    return found


def _without_calls(body: Mapping[str, Any]) -> str:
    return json.dumps({**body, "tool_calls": []})


def _call(at: str, call: Mapping[str, Any]) -> Attributes:
    return {
        f"{at}.id": str(call.get("id") or ""),
        f"{at}.function.name": str(call.get("name")),
        f"{at}.function.arguments": compact(call.get("args")),
    }


def _tools(text: str) -> Attributes:
    schemas = _json(text)
    return {
        f"llm.tools.{number}.tool.json_schema": compact(schema)
        for number, schema in enumerate(schemas if isinstance(schemas, list) else [])
    }


def _json(text: str) -> Any:
    """None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
