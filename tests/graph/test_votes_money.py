"""The money of second opinions: there for everybody before anybody is asked, or nobody is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.model_spec import ModelSpec, PriceSpec
from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.clock import SystemClock
from domain.errors import OverBudget
from domain.spending import SpendingCaps
from graph.run import Runner
from journal.spending import SpendingLedger
from journal.spending_reading import ModelCall, model_calls
from tests.graph.room import SLOT, proposal, scripted, session_of, wired_session

DOLLAR = ModelSpec(
    kind="vllm",
    model="x",
    max_output_tokens=100,
    price=PriceSpec(input=Decimal(0), output=Decimal(10_000)),
)
"""A call costs a dollar at the worst."""
FREE = DOLLAR.model_copy(update={"price": PriceSpec(input=Decimal(0), output=Decimal(0))})


def voter(name: str, *specs: ModelSpec, says: Step | None = None) -> Voter:
    model = ScriptedModel([] if says is None else [says])
    chain = [NamedModel(f"{name} {n}", model, spec) for n, spec in enumerate(specs)]
    return Voter(name, Planner(chain, (), max_attempts=1))


async def decide(home: Path, dollars: int, *voters: Voter) -> tuple[Any, list[ModelCall]]:
    """One decision, and what the ledger has of it; the draft itself costs a dollar."""
    async with wired_session(home) as wired:
        context, model = scripted(wired, [proposal(5300)])
        journal, caps = context.journal, SpendingCaps(decision_usd=Decimal(dollars))
        context = replace(
            context,
            planner=Planner([NamedModel("lead", model, DOLLAR)], context.desk.schemas),
            opinions=Opinions(voters),
            spending=SpendingLedger(journal.database, journal.session, caps, SystemClock()),
        )
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        return final, model_calls(journal.database, "s", None, None)


async def test_without_the_money_for_all_nobody_is_asked(tmp_path: Path) -> None:
    """A voter without steps fails the test when it is asked."""
    final, calls = await decide(tmp_path, 2, voter("one", DOLLAR), voter("two", DOLLAR))
    assert (final["outcome"], final["codes"]) == ("failed", ["MONEY_CAP"])
    assert "everybody or of nobody: the next call of model 'two 0'" in final["reason"]
    assert "2 of the 2 USD of the decision" in final["reason"]
    assert final["model_calls"] == 1
    assert [call.model for call in calls] == ["lead"]


async def test_a_replay_in_which_no_vote_can_be_paid_for_stops(tmp_path: Path) -> None:
    """Else it would pay for one draft after the other, and nothing could come of any."""
    said: list[str] = []
    async with wired_session(tmp_path) as wired:
        context, model = scripted(wired, [proposal(5300)] * 3)
        journal, caps = wired.context.journal, SpendingCaps(decision_usd=Decimal(1))
        context = replace(
            context,
            planner=Planner([NamedModel("lead", model, DOLLAR)], context.desk.schemas),
            opinions=Opinions((voter("one", DOLLAR),)),
            spending=SpendingLedger(journal.database, journal.session, caps, SystemClock()),
        )
        session = session_of(wired, said, context)
        assert wired.window is not None
        _, end = wired.window
        slots = [SLOT + context.timeframe.delta * n for n in range(9)]
        with pytest.raises(OverBudget, match="everybody or of nobody"):
            await session.replay(slots, end)
        model.assert_finished()
    assert session.made == 3


@pytest.mark.parametrize("dollars", [2, 3])
async def test_a_cheaper_model_of_a_voter_is_asked_where_the_dear_one_has_no_room(
    tmp_path: Path, dollars: int
) -> None:
    says = proposal(5300)
    voters = voter("one", DOLLAR, says=says), voter("two", DOLLAR, FREE, says=says)
    final, calls = await decide(tmp_path, dollars, *voters)
    assert final["outcome"] == "approved"
    second = "two 1" if dollars == 2 else "two 0"
    assert [call.model for call in calls] == ["lead", "one 0", second]
    assert all(call.node == "consult" for call in calls[1:])
    assert len(calls) == 3
