"""Steps under a schema, over HTTP: read as calls where they are steps, left alone where not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.messages import dump_message, load_message
from agent.model_spec import ModelSpec
from agent.models import close_model, make_models
from agent.parse import Asked, Invalid, parse_answer
from agent.planner import Planner
from domain.plan import NoTrade, PlanDraft
from tests.servers.openai_server import OpenAIServer, Step

OHLCV = {
    "type": "function",
    "function": {"name": "ohlcv", "description": "Candles.", "parameters": {"type": "object"}},
}
OPENING: list[BaseMessage] = [SystemMessage("rules"), HumanMessage("situation")]


def step(tool: str, arguments: Any, **more: Any) -> Step:
    said = {"thought": "so", "call": {"tool": tool, "arguments": arguments}, **more}
    return {"content": json.dumps(said)}


ABSTAIN = step("no_trade", {"reason": "no edge"})


async def ask(server: OpenAIServer, messages: list[BaseMessage]) -> Any:
    spec = ModelSpec(model="small", base_url=server.base_url, tool_calling="steps")
    (named,) = make_models("m", {"m": spec}, {})
    try:
        planner = Planner([named], [OHLCV], max_attempts=1)
        return (await planner.ask(messages, timeout_s=5)).message
    finally:
        await close_model(named.model)


async def test_a_question_and_an_answer_go_by_as_steps() -> None:
    with OpenAIServer([step("ohlcv", {"bars": 3}), ABSTAIN]) as server:
        first = load_message(dump_message(await ask(server, OPENING)))
        assert isinstance(first, AIMessage)
        asked = parse_answer(first, ["ohlcv"])
        assert isinstance(asked, Asked)
        (call,) = asked.calls
        assert (call.name, json.loads(call.arguments_text)) == ("ohlcv", {"bars": 3})
        result = ToolMessage("t,close", tool_call_id=call.call_id, name="ohlcv")
        second = await ask(server, [*OPENING, first, result])
    assert parse_answer(second, ["ohlcv"]) == NoTrade(reason="no edge")
    sent = server.requests[1]
    assert "tools" not in sent
    assert [m["role"] for m in sent["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert json.loads(sent["messages"][2]["content"])["call"]["tool"] == "ohlcv"
    assert sent["messages"][3]["content"] == "Result of ohlcv:\nt,close"
    told = sent["messages"][0]["content"]
    assert told.startswith("rules\n")
    assert "ohlcv() Candles." in told


async def test_a_plans_prices_arrive_digit_for_digit() -> None:
    plan = {
        "side": "long", "targets": [{"price": 110.25}], "invalidation": 90.5, "horizon_bars": 12,
        "thesis": "the range broke", "confidence": 0.7,
    }  # fmt: skip
    with OpenAIServer([step("propose_plan", plan)]) as server:
        parsed = parse_answer(await ask(server, OPENING), ["ohlcv"])
    assert isinstance(parsed, PlanDraft)
    assert parsed.targets[0].price == Decimal("110.25")


async def test_the_schema_admits_steps_of_known_tools_and_nothing_else() -> None:
    with OpenAIServer([ABSTAIN]) as server:
        await ask(server, OPENING)
    named = server.requests[0]["response_format"]
    assert named["type"] == "json_schema"
    schema = Draft202012Validator(named["json_schema"]["schema"])
    assert schema.is_valid(json.loads(ABSTAIN["content"]))
    assert not schema.is_valid(json.loads(step("buy", {})["content"]))
    assert not schema.is_valid(json.loads(step("no_trade", {})["content"]))
    assert not schema.is_valid(json.loads(step("ohlcv", {}, more=1)["content"]))
    waiting = {"reason": "no edge", "wake_if": ["4h close below 41200"]}
    assert schema.is_valid(json.loads(step("no_trade", waiting)["content"]))
    waiting["wake_if"] = ["gate#1"]
    assert not schema.is_valid(json.loads(step("no_trade", waiting)["content"]))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"content": "I would wait."}, "NO_TOOL_CALL"),
        (step("no_trade", {"reason": "x"}, more=1), "NO_TOOL_CALL"),
        (step("no_trade", []), "NO_TOOL_CALL"),
        ({"content": '{"thought": "a", "thought": "b", "call": {}}'}, "NO_TOOL_CALL"),
        (step("no_trade", {"reason": "x", "size": 3}), "UNKNOWN_FIELD"),
        ({"content": '{"thought": "cu', "finish_reason": "length"}, "TRUNCATED"),
        ({"refusal": "I will not"}, "REFUSED"),
    ],
)
async def test_what_is_no_step_is_complained_about(answer: Step, code: str) -> None:
    with OpenAIServer([answer]) as server:
        parsed = parse_answer(await ask(server, OPENING), ["ohlcv"])
    assert isinstance(parsed, Invalid)
    assert parsed.code == code
