"""Several models in a row over HTTP: who answers, at what price, within whose deadline."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from agent.asking import Reply
from agent.model_spec import ModelSpec, PriceSpec
from agent.models import close_model, make_models
from agent.planner import Planner
from domain.errors import AccessRefused, ConfigError, Unreachable
from tests.servers.openai_server import OpenAIServer, Step

PROMPT: list[BaseMessage] = [HumanMessage("go")]
ABSTAIN: Step = {"calls": [("no_trade", {"reason": "no edge"})]}
DOWN: Step = {"status": 503, "headers": {"retry-after": "0"}}
REFUSES: Step = {"status": 401, "error": {"message": "no such key sk-verysecret"}}
UNKNOWN: Step = {"status": 404, "error": {"message": "no such model"}}


@asynccontextmanager
async def chain(servers: Sequence[OpenAIServer], **first: Any) -> AsyncIterator[Planner]:
    """Models `m0`, `m1`... at these servers, each dearer than the one before."""
    names = [f"m{index}" for index in range(len(servers))]
    specs = {
        name: ModelSpec(
            model=f"their-{name}",
            base_url=server.base_url,
            price=PriceSpec(input=Decimal(index), output=Decimal(index)),
            fallback=tuple(names[index + 1 : index + 2]),
            **(first if index == 0 else {}),
        )
        for index, (name, server) in enumerate(zip(names, servers, strict=True))
    }
    models = make_models("m0", specs, {"OPENAI_API_KEY": "sk-verysecret"})
    try:
        yield Planner(models, [], max_attempts=2)
    finally:
        for named in models:
            await close_model(named.model)


async def ask(planner: Planner, timeout_s: float = 5) -> Reply:
    return await planner.ask(PROMPT, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("step", "error", "tries", "said"),
    [(DOWN, Unreachable, 2, 0), (REFUSES, AccessRefused, 1, 1), (UNKNOWN, ConfigError, 1, 1)],
)
async def test_the_next_one_answers_and_is_priced_as_itself(
    step: Step, error: type[Exception], tries: int, said: int
) -> None:
    with OpenAIServer(lambda _: step) as broken, OpenAIServer(lambda _: ABSTAIN) as sound:
        async with chain([broken, sound]) as planner:
            reply = await ask(planner)
            assert (reply.model, planner.model_name) == ("m1", "m0")
            assert reply.cost_usd == Decimal("0.00105")
            (passed,) = reply.passed_over
            assert (passed.model, type(passed.error)) == ("m0", error)
            assert len(broken.requests) == tries
            assert sound.requests[0]["model"] == "their-m1"
            await ask(planner)
            assert len(planner.notices()) == said
            assert planner.notices() == []


async def test_the_first_one_that_answers_is_the_only_one_asked() -> None:
    with OpenAIServer([ABSTAIN]) as sound, OpenAIServer([]) as idle:
        async with chain([sound, idle]) as planner:
            reply = await ask(planner)
        assert (reply.model, reply.passed_over, idle.requests) == ("m0", (), [])


async def test_a_model_that_hangs_leaves_the_next_one_its_share_of_the_time() -> None:
    with OpenAIServer([{"delay_s": 20}]) as slow, OpenAIServer([ABSTAIN]) as sound:
        async with chain([slow, sound]) as planner:
            begun = time.monotonic()
            reply = await ask(planner, timeout_s=2)
            assert reply.model == "m1"
            assert time.monotonic() - begun < 2
            assert "did not answer within 1.0 s" in str(reply.passed_over[0].error)


async def test_a_try_takes_no_longer_than_the_model_is_given() -> None:
    with OpenAIServer([{"delay_s": 20}, ABSTAIN]) as slow:
        async with chain([slow], timeout_s=0.3) as planner:
            assert (await ask(planner, timeout_s=20)).model == "m0"
        assert len(slow.requests) == 2


async def test_none_that_answers_is_an_outage_if_any_may_come_back() -> None:
    with OpenAIServer(lambda _: REFUSES) as refuses, OpenAIServer(lambda _: DOWN) as down:
        async with chain([refuses, down]) as planner:
            with pytest.raises(Unreachable, match=r"no model answered \(m0: .*; m1: ") as caught:
                await ask(planner)
    assert "verysecret" not in str(caught.value)


async def test_none_that_takes_us_is_a_refusal() -> None:
    with OpenAIServer(lambda _: REFUSES) as refuses, OpenAIServer(lambda _: UNKNOWN) as unknown:
        async with chain([refuses, unknown]) as planner:
            with pytest.raises(AccessRefused, match=r"no model can be asked \(m0: ") as caught:
                await ask(planner)
            told = planner.notices()
    assert [words.partition(" cannot")[0] for words in told] == ["model 'm0'", "model 'm1'"]
    assert "verysecret" not in f"{caught.value} {told}"


async def test_the_answers_limit_has_the_word_that_the_endpoint_knows() -> None:
    with OpenAIServer([ABSTAIN, ABSTAIN]) as server:
        async with chain([server], max_output_tokens=300) as planner:
            await ask(planner)
        async with chain([server], max_output_tokens=300, kind="vllm") as planner:
            await ask(planner)
    newest, common = server.requests
    assert newest["max_completion_tokens"] == 300
    assert "max_tokens" not in newest
    assert common["max_tokens"] == 300
    assert "max_completion_tokens" not in common


async def test_what_was_thought_but_left_out_of_the_output_is_paid_for() -> None:
    usage = {
        "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }  # fmt: skip
    with OpenAIServer([{**ABSTAIN, "usage": usage}]) as server:
        async with chain([server]) as planner:
            used = (await ask(planner)).usage
    assert (used.input_tokens, used.output_tokens, used.reasoning_tokens) == (10, 35, 30)
