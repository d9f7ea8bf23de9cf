"""Each try of each model is set aside at its own price before it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.answers import ANSWERS
from agent.ballots import Ballot
from agent.claims import claim_for
from agent.model_spec import ModelSpec, PriceSpec
from agent.models import NamedModel, make_models
from agent.opinions import Voter
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from agent.tokens import count_prompt
from agent.voting import ask_all
from domain.errors import OverBudget, Unreachable
from domain.spending import Claim, Cost, Usage

D = Decimal
PROMPT: list[BaseMessage] = [
    HumanMessage("go"),
    AIMessage("", tool_calls=[{"name": "ohlcv", "args": {}, "id": "1"}]),
    ToolMessage("one two three", tool_call_id="1", name="ohlcv"),
]
TOLD: Any = {
    "input_tokens": 1000,
    "output_tokens": 50,
    "total_tokens": 1060,
    "input_token_details": {"cache_read": 400},
    "output_token_details": {"reasoning": 30},
}
DETAILS = {"token_usage": {"prompt_tokens_details": {"image_tokens": 85}}}


@dataclass
class Kept:
    """Keeps what it is asked for; room for so many calls, and for all of `free`."""

    room: int = 100
    longest_answer_tokens: int = 5000
    free: str = ""
    claims: list[Claim] = field(default_factory=list)
    settled: list[tuple[Usage, Cost | None]] = field(default_factory=list)
    released: list[Claim] = field(default_factory=list)

    def reserve(self, claim: Claim) -> Kept.Slip:
        if self.room <= len(self.claims) and claim.model != self.free:
            raise OverBudget("no room")
        self.claims.append(claim)
        return Kept.Slip(self, claim)

    def reserve_all(self, calls: Sequence[Sequence[Claim]]) -> list[Kept.Slip]:
        return [self.reserve(claims[0]) for claims in calls]

    @dataclass
    class Slip:
        """The receipt of one call."""

        kept: Kept
        claim: Claim

        def settle(self, usage: Usage, cost: Cost | None) -> None:
            self.kept.settled.append((usage, cost))

        def release(self) -> None:
            self.kept.released.append(self.claim)


def named(name: str, *steps: Step, **spec: Any) -> NamedModel:
    price = PriceSpec(input=D(1), output=D(10), reasoning=D(20))
    made = ModelSpec(**{"kind": "vllm", "model": "x", "price": price, **spec})
    return NamedModel(name, ScriptedModel(list(steps)), made)


async def test_a_call_is_set_aside_before_it_is_made_and_settled_from_what_the_provider_says() -> (
    None
):
    allowance = Kept()
    seen: list[int] = []

    def answer(_: list[BaseMessage]) -> AIMessage:
        seen.append(len(allowance.claims))
        return AIMessage("x", usage_metadata=TOLD, response_metadata=DETAILS)

    model = named("m", answer, max_output_tokens=200)
    await Planner([model], []).ask(PROMPT, timeout_s=5, allowance=allowance)
    assert seen == [1]
    (claim,) = allowance.claims
    assert (claim.model, claim.answer_tokens) == ("m", 200)
    assert claim.worst is not None
    assert claim.worst.answer_usd == D("0.004")
    usage = Usage(1000, 60, 400, "provider", reasoning_tokens=30, image_tokens=85)
    assert allowance.settled == [(usage, Cost(D("0.001"), D("0.0009")))]


async def test_a_try_that_fails_stays_set_aside_and_the_next_one_needs_money_of_its_own() -> None:
    allowance = Kept()
    cut = ConnectionResetError("cut")
    await Planner([named("m", cut, "back")], []).ask(PROMPT, timeout_s=5, allowance=allowance)
    assert (len(allowance.claims), len(allowance.settled)) == (2, 1)
    poor = Kept(room=1)
    with pytest.raises(OverBudget):
        await Planner([named("m", cut, "never asked")], []).ask(PROMPT, timeout_s=5, allowance=poor)
    assert poor.settled == []


async def test_where_the_dear_one_has_no_room_the_cheaper_one_behind_it_is_asked() -> None:
    allowance = Kept(room=0, free="spare")
    chain = [named("dear"), named("spare", "yes", price=PriceSpec(input=D(0), output=D(0)))]
    planner = Planner(chain, [])
    reply = await planner.ask(PROMPT, timeout_s=5, allowance=allowance)
    assert reply.model == "spare"
    assert [type(one.error) for one in reply.passed_over] == [OverBudget]
    assert planner.notices() == []
    assert [claim.worst for claim in allowance.claims] == [Cost(D(0), D(0))]
    with pytest.raises(OverBudget, match=r"dear: no room; spare: no room"):
        await planner.ask(PROMPT, timeout_s=5, allowance=Kept(room=0))
    down = Planner([named("dear"), named("spare", Unreachable("down"))], [], max_attempts=1)
    with pytest.raises(Unreachable):
        await down.ask(PROMPT, timeout_s=5, allowance=Kept(room=0, free="spare"))


async def test_a_call_that_is_cancelled_stays_set_aside_and_rules_take_no_money() -> None:
    allowance = Kept()

    asked = Planner([NamedModel("x", Busy([]))], []).ask(PROMPT, timeout_s=20, allowance=allowance)
    asking = asyncio.create_task(asked)
    while not allowance.claims:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (len(allowance.claims), allowance.settled) == (1, [])
    await Planner(make_models("rules", {}, {}), []).ask(
        [HumanMessage("x")], timeout_s=5, allowance=Kept(0)
    )


class Busy(ScriptedModel):
    """Never answers."""

    async def _agenerate(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()


async def test_a_vote_that_is_cut_off_gives_back_the_calls_that_were_never_made() -> None:
    """Of two questions to one model that may be asked once a minute, one waits for its turn."""
    spec = ModelSpec(kind="vllm", model="x", requests_per_minute=1)
    planner = Planner([NamedModel("m", Busy([]), spec)], [])
    asked = [
        Ballot(Voter(name, planner), None, [HumanMessage(name)], tuple(ANSWERS))
        for name in ("one", "two")
    ]
    allowance = Kept()
    voting = asyncio.create_task(ask_all(asked, 600, allowance))
    while not allowance.claims:
        await asyncio.sleep(0)
    assert len(allowance.claims) == 2, "the money of both is there before anybody is asked"
    for _ in range(20):
        await asyncio.sleep(0)
    voting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await voting
    assert allowance.released == [allowance.claims[1]]
    assert allowance.settled == []


def test_the_worst_case_is_exact_where_the_tokenizer_is_known_and_every_byte_elsewhere() -> None:
    exact = named("m", kind="openai", model="gpt-4o")
    claim = claim_for(exact, PROMPT, [], 7)
    assert claim.prompt_tokens == count_prompt(PROMPT, [], "gpt-4o").tokens
    assert claim.worst == Cost(D(claim.prompt_tokens) / 1_000_000, D(7 * 20) / 1_000_000)
    assert claim.tool_tokens == {"ohlcv": 3}
    tools = [{"type": "function", "function": {"name": "größe", "parameters": {}}}]
    native = claim_for(named("m"), PROMPT, tools, 7)
    steps = claim_for(named("m", tool_calling="steps"), PROMPT, tools, 7)
    assert native.worst is not None
    assert steps.worst is not None
    assert native.worst.prompt_usd * 1_000_000 > len("größe".encode()) + native.prompt_tokens
    assert steps.worst.prompt_usd > native.worst.prompt_usd
    nobody = NamedModel("openai:nobody-knows", ScriptedModel([]))
    assert claim_for(nobody, PROMPT, [], 7).worst is None
