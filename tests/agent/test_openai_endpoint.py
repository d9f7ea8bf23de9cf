"""The real client over HTTP against a scripted endpoint: what arrives, and every way to fail."""

from __future__ import annotations

import time
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.asking import Reply
from agent.critique import complaint_messages
from agent.messages import dump_message, load_message
from agent.model_spec import ModelSpec
from agent.models import NO_KEY, close_model, make_models
from agent.parse import Asked, Invalid, parse_answer
from agent.planner import Planner
from domain.errors import AccessRefused, ConfigError, Unreachable
from domain.plan import NoTrade
from domain.spending import Usage
from tests.servers.openai_server import OpenAIServer, Step

OHLCV = {
    "type": "function",
    "function": {"name": "ohlcv", "description": "Candles.", "parameters": {"type": "object"}},
}
OPENING: list[BaseMessage] = [SystemMessage("rules"), HumanMessage("situation")]
ABSTAIN: Step = {"calls": [("no_trade", {"reason": "no edge"})]}


async def ask(
    base_url: str, messages: list[BaseMessage], *, timeout_s: float = 5, key: str | None = "sk-t"
) -> Reply:
    spec = ModelSpec(model="gpt-4o", base_url=base_url)
    (named,) = make_models("m", {"m": spec}, {"OPENAI_API_KEY": key} if key else {})
    try:
        return await Planner([named], [OHLCV], max_attempts=2).ask(messages, timeout_s=timeout_s)
    finally:
        await close_model(named.model)
        await close_model(named.model)


async def answer(step: Step) -> Any:
    with OpenAIServer([step]) as server:
        reply = await ask(server.base_url, OPENING)
    return parse_answer(reply.message, ["ohlcv"])


async def test_a_conversation_with_data_ends_in_an_answer() -> None:
    with OpenAIServer([{"calls": [("ohlcv", {"bars": 3}), ("ohlcv", "{}")]}, ABSTAIN]) as server:
        first = await ask(server.base_url, OPENING)
        asked = parse_answer(first.message, ["ohlcv"])
        assert isinstance(asked, Asked)
        results = [ToolMessage("{}", tool_call_id=call.call_id) for call in asked.calls]
        stored = load_message(dump_message(first.message))
        second = await ask(server.base_url, [*OPENING, stored, *results])
    assert parse_answer(second.message, ["ohlcv"]) == NoTrade(reason="no edge")
    assert second.usage == Usage(1000, 50, 400, "provider")
    sent = server.requests[1]
    assert [m["role"] for m in sent["messages"]] == ["system", "user", "assistant", "tool", "tool"]
    ids = [call["id"] for call in sent["messages"][2]["tool_calls"]]
    assert ids == [m["tool_call_id"] for m in sent["messages"][3:]]
    assert sent["tools"][0]["function"]["name"] == "ohlcv"
    assert "temperature" not in sent
    assert server.headers[0]["authorization"] == "Bearer sk-t"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"reason": "a", "reason": "b"}', "DUPLICATE_KEY"),
        ('{"reason": NaN}', "NUMBER_INVALID"),
        ('{"reason": "cut', "SCHEMA_INVALID"),
        ("[1]", "SCHEMA_INVALID"),
        ("7", "SCHEMA_INVALID"),
        ("", "SCHEMA_INVALID"),
        ("[" * 30_000, "SCHEMA_INVALID"),
        ('{"reason": "\\ud800"}', "SCHEMA_INVALID"),
    ],
)
async def test_what_the_client_reads_leniently_is_read_strictly_here(text: str, code: str) -> None:
    parsed = await answer({"calls": [("no_trade", text)]})
    assert isinstance(parsed, Invalid)
    assert parsed.code == code


async def test_calls_with_one_id_or_none_are_told_apart() -> None:
    for ids in (["same", "same"], ["", ""]):
        parsed = await answer({"calls": [("ohlcv", '{"bars":1}'), ("ohlcv", "{}")], "ids": ids})
        assert isinstance(parsed, Asked)
        assert len({call.call_id for call in parsed.calls}) == 2
        assert [call.arguments_text for call in parsed.calls] == ['{"bars":1}', "{}"]


async def test_a_refusal_and_a_cut_answer_are_answers() -> None:
    refusal = await answer({"refusal": "I will not"})
    cut = await answer({"content": "so", "finish_reason": "length"})
    assert isinstance(refusal, Invalid)
    assert refusal.code == "REFUSED"
    assert isinstance(cut, Invalid)
    assert cut.code == "TRUNCATED"


async def test_a_hostile_answer_can_be_complained_about_over_the_wire() -> None:
    hostile = '{"reason": "\\ud800"}'
    with OpenAIServer([{"calls": [("no_trade", hostile)]}, ABSTAIN]) as server:
        first = await ask(server.base_url, OPENING)
        parsed = parse_answer(first.message, [])
        assert isinstance(parsed, Invalid)
        history = [*OPENING, first.message, *complaint_messages(first.message, parsed, 1)]
        await ask(server.base_url, history)
    assert server.requests[1]["messages"][3]["role"] == "tool"


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        ({"status": 401, "error": {"message": "bad key"}}, AccessRefused, "bad key"),
        ({"status": 403, "error": {"message": "not here"}}, AccessRefused, "not here"),
        ({"status": 404, "error": {"message": "no model gpt-9"}}, ConfigError, "no model gpt-9"),
        ({"status": 400, "error": {"message": "too long"}}, ConfigError, "too long"),
        (
            {"status": 429, "error": {"message": "broke", "code": "insufficient_quota"}},
            AccessRefused,
            "broke",
        ),
    ],
)
async def test_a_no_of_the_provider_is_told_at_once(
    step: Step, error: type[Exception], words: str
) -> None:
    with OpenAIServer([step, ABSTAIN]) as server:
        with pytest.raises(error, match=words):
            await ask(server.base_url, OPENING)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        {"status": 429, "headers": {"retry-after": "0"}},
        {"status": 500, "headers": {"retry-after": "0"}},
        {"status": 503},
        {"body": b"<html>busy</html>"},
        {"body": b"{", "type": "application/json"},
        {"body": b'{"object": "x"}', "type": "application/json"},
        {"content": "x" * 999, "cut": True},
        {"raw": b"220 mail.example ready\r\n\r\n"},
        {"raw": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"},
        {"raw": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n"},
        {"message": {"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]}},
    ],
)
async def test_trouble_is_tried_again_then_told(step: Step) -> None:
    with OpenAIServer([step, ABSTAIN]) as server:
        reply = await ask(server.base_url, OPENING)
        assert parse_answer(reply.message, []) == NoTrade(reason="no edge")
    with OpenAIServer([step, step, ABSTAIN]) as server:
        with pytest.raises(Unreachable, match="did not answer"):
            await ask(server.base_url, OPENING)
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_prompt_goes_to_no_other_address(status: int) -> None:
    with OpenAIServer([ABSTAIN]) as other:
        away = {"status": status, "headers": {"location": f"{other.base_url}/chat/completions"}}
        with OpenAIServer([away]) as server:
            with pytest.raises(ConfigError, match=f"sends elsewhere.*{other.base_url}"):
                await ask(server.base_url, OPENING)
            assert len(server.requests) == 1
        assert other.requests == []


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    step = {"status": 429, "headers": {"retry-after": "3600"}}
    begun = time.monotonic()
    with OpenAIServer([step, ABSTAIN]) as server:
        with pytest.raises(Unreachable, match="429"):
            await ask(server.base_url, OPENING)
        assert len(server.requests) == 1
    assert time.monotonic() - begun < 3


async def test_a_slow_endpoint_is_left_at_the_deadline() -> None:
    with OpenAIServer([{"delay_s": 20}]) as server:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.3 s"):
            await ask(server.base_url, OPENING, timeout_s=0.3)
        assert time.monotonic() - begun < 3


async def test_an_endpoint_that_is_not_there_did_not_answer() -> None:
    with pytest.raises(Unreachable, match=r"did not answer.*127\.0\.0\.1:9"):
        await ask("http://127.0.0.1:9/v1", OPENING)


async def test_an_endpoint_of_ones_own_needs_no_key() -> None:
    with OpenAIServer([ABSTAIN]) as server:
        await ask(server.base_url, OPENING, key=None)
    assert server.headers[0]["authorization"] == f"Bearer {NO_KEY}"


async def test_a_key_that_no_http_echoes_is_not_written() -> None:
    echo = [{"raw": b"sk-t3st-key is refused\r\n\r\n"}] * 2
    with OpenAIServer(echo) as server, pytest.raises(Unreachable, match="answer") as raised:
        await ask(server.base_url, OPENING, key="sk-t3st-key")
    assert "t3st" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "mail://127.0.0.1:9"), ("SSL_CERT_FILE", "certificates/that/are/not.here")],
)
def test_an_environment_that_allows_no_connection_is_told(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match="as the environment says"):
        make_models("m", {"m": ModelSpec(model="gpt-4o", base_url="http://127.0.0.1:9/v1")}, {})
