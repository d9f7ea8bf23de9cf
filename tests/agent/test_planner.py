"""Asking once: bound tools, bounded time, failures sorted, tokens and money counted."""

from __future__ import annotations

import asyncio
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.tools import tool

from agent.models import NamedModel, make_models
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from domain.errors import AccessRefused, ConfigError, DataError, Unreachable
from domain.spending import Usage

PROMPT: list[BaseMessage] = [HumanMessage("go")]


@tool
def ohlcv(bars: int) -> str:
    """Candles."""
    return str(bars)


def planner(*steps: Step, name: str = "openai:gpt-4o", **kwargs: Any) -> Planner:
    return Planner([NamedModel(name, ScriptedModel(list(steps)))], [ohlcv], **kwargs)


class Refused(Exception):
    """Stands for nothing we know: a bug of ours."""


async def test_data_tools_and_answer_tools_are_bound_together() -> None:
    schemas = json.loads(planner().tools_text())
    names = [schema["function"]["name"] for schema in schemas]
    assert names == ["ohlcv", "propose_plan", "replan", "propose_exit", "no_trade"]


async def test_the_providers_usage_is_the_truth() -> None:
    usage: Any = {
        "input_tokens": 1000,
        "output_tokens": 50,
        "total_tokens": 1050,
        "input_token_details": {"cache_read": 400},
    }
    answer = AIMessage("x", usage_metadata=usage, response_metadata={"finish_reason": "stop"})
    reply = await planner(answer).ask(PROMPT, timeout_s=5)
    assert reply.usage == Usage(1000, 50, 400, "provider")
    assert reply.cost_usd == Decimal("0.0025")
    assert reply.finish_reason == "stop"
    assert reply.latency_ms >= 0


async def test_without_usage_tokens_are_counted_and_the_counter_named() -> None:
    asked = planner("hello world")
    reply = await asked.ask(PROMPT, timeout_s=5)
    assert reply.usage == Usage(asked.count(PROMPT).tokens, 2, 0, "tiktoken")
    assert reply.finish_reason is None
    unknown = await planner("hello world", name="openai:qwen").ask(PROMPT, timeout_s=5)
    assert unknown.usage.source == "estimate"
    assert unknown.cost_usd is None


async def test_the_rules_use_no_token_and_no_money() -> None:
    reply = await Planner(make_models("rules", {}, {}), []).ask(PROMPT, timeout_s=5)
    assert reply.usage == Usage(0, 0, 0, "provider")
    assert reply.cost_usd == 0


@pytest.mark.parametrize("error", [ConnectionResetError("cut"), TimeoutError(), Unreachable("no")])
async def test_an_outage_is_tried_again_and_then_told(error: Exception) -> None:
    model = ScriptedModel([error, error])
    with pytest.raises(Unreachable):
        await Planner([NamedModel("openai:gpt-4o", model)], [], max_attempts=2).ask(
            PROMPT, timeout_s=5
        )
    model.assert_finished()


async def test_an_outage_that_passes_is_forgotten() -> None:
    reply = await planner(ConnectionResetError("cut"), "back").ask(PROMPT, timeout_s=5)
    assert reply.message.content == "back"
    assert reply.latency_ms < 400


@pytest.mark.parametrize("error", [AccessRefused("no"), ConfigError("no"), DataError("no")])
async def test_what_trying_again_cannot_mend_is_told_at_once(error: Exception) -> None:
    with pytest.raises(type(error)):
        await planner(error, "never asked").ask(PROMPT, timeout_s=5)


async def test_a_bug_of_ours_is_not_called_an_outage() -> None:
    with pytest.raises(Refused):
        await planner(Refused("bug")).ask(PROMPT, timeout_s=5)


async def test_a_retry_that_would_outlast_the_deadline_is_not_waited_for() -> None:
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer"):
        await planner(ConnectionResetError("cut"), "late").ask(PROMPT, timeout_s=0.3)
    assert time.monotonic() - begun < 0.25


async def test_a_spent_deadline_asks_nobody() -> None:
    with pytest.raises(Unreachable, match=r"within 0\.0 s"):
        await planner().ask(PROMPT, timeout_s=0)


async def test_being_cancelled_from_outside_is_not_an_outage() -> None:
    class Waiting(ScriptedModel):
        async def _agenerate(self, *_: Any, **__: Any) -> Any:
            await asyncio.sleep(30)

    asking = asyncio.create_task(
        Planner([NamedModel("x", Waiting([]))], []).ask(PROMPT, timeout_s=20)
    )
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
