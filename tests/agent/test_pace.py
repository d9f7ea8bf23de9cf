"""Limits of a minute: the next one waits, or is told that there is no time to."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from langchain_core.messages import HumanMessage

from agent.model_spec import ModelSpec
from agent.models import NamedModel
from agent.pace import Pace
from agent.planner import Planner
from agent.scripted_model import ScriptedModel
from domain.errors import ConfigError, Unreachable


async def take(pace: Pace, weights: Sequence[int], seconds: float = 5) -> float:
    begun = time.monotonic()
    for weight in weights:
        await pace.wait(weight, begun + seconds)
    return time.monotonic() - begun


async def test_without_limits_nobody_waits() -> None:
    assert await take(Pace(None), [10**9] * 100) < 1
    assert await take(Pace(ModelSpec(model="x")), [10**9] * 100) < 1


async def test_one_request_too_many_waits_for_its_turn() -> None:
    pace = Pace(ModelSpec(model="x", requests_per_minute=300))
    assert await take(pace, [0] * 300) < 2
    assert 0.05 < await take(pace, [0]) < 2


async def test_tokens_are_counted_apart_from_requests() -> None:
    pace = Pace(ModelSpec(model="x", requests_per_minute=1000, tokens_per_minute=60_000))
    await take(pace, [60_000])
    assert 0.1 < await take(pace, [300]) < 2


async def test_a_turn_that_comes_after_the_deadline_is_not_waited_for() -> None:
    pace = Pace(ModelSpec(model="x", requests_per_minute=1))
    await take(pace, [0])
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"requests_per_minute = 1 is used up for [0-9.]+ s"):
        await take(pace, [0], seconds=1)
    assert time.monotonic() - begun < 0.5


async def test_a_question_larger_than_a_minute_is_told_and_not_waited_for() -> None:
    pace = Pace(ModelSpec(model="x", tokens_per_minute=1000))
    with pytest.raises(ConfigError, match="1001 tokens never fits tokens_per_minute = 1000"):
        await take(pace, [1001])


async def test_a_model_out_of_tokens_is_passed_over_for_the_next() -> None:
    first = NamedModel("a", ScriptedModel([]), ModelSpec(model="a", tokens_per_minute=1000))
    second = NamedModel("b", ScriptedModel(["hello"]), ModelSpec(model="b"))
    reply = await Planner([first, second], []).ask([HumanMessage("x" * 9000)], timeout_s=5)
    assert reply.model == "b"
    assert "never fits" in str(reply.passed_over[0].error)
