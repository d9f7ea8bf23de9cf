"""A decision that would cost more than the caps leave holds, and says so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.models import NamedModel
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.clock import SystemClock
from app.wire import Wired
from domain.errors import OverBudget
from domain.spending import SpendingCaps
from graph.context import RunContext
from graph.identity import run_id
from graph.run import Runner
from journal.spending import SpendingLedger
from journal.spending_reading import model_calls
from tests.graph.room import SLOT, scripted, session_of, wired_session

D = Decimal
USAGE: Any = {"input_tokens": 4000, "output_tokens": 100, "total_tokens": 4100}
NO = AIMessage(
    "",
    tool_calls=[{"name": "no_trade", "args": {"reason": "quiet"}, "id": "1"}],
    usage_metadata=USAGE,
)


def capped(wired: Wired, steps: list[Step], **caps: Decimal) -> tuple[RunContext, ScriptedModel]:
    """A session of a model with a known price, whose longest answer is what the run may take."""
    context, model = scripted(wired, steps)
    planner = Planner([NamedModel("openai:gpt-4o", model)], wired.context.desk.schemas)
    journal = wired.context.journal
    spending = SpendingLedger(
        journal.database, journal.session, SpendingCaps(**caps), SystemClock()
    )
    return replace(context, planner=planner, spending=spending), model


async def test_a_cap_that_is_too_low_ends_the_decision_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired:
        context, model = capped(wired, [], decision_usd=D("0.01"))
        free, _ = capped(wired, [])
        assert run_id(context, "BTC/USD", SLOT) == run_id(free, "BTC/USD", SLOT)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        assert model.calls == []
    assert (final["outcome"], final["codes"]) == ("failed", ["MONEY_CAP"])
    assert "0 of the 0.01 USD of the decision" in final["reason"]


async def test_what_a_decision_took_is_in_the_ledger_and_frees_the_rest(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        asks = AIMessage(
            "",
            tool_calls=[{"name": "regime", "args": {}, "id": "1"}],
            usage_metadata=USAGE,
        )
        # The longest answer is 100,000 tokens: a dollar at the worst, a cent in truth.
        context, model = capped(wired, [asks, NO], decision_usd=D("1.1"))
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        model.assert_finished()
        assert final["outcome"] == "no_trade"
        assert final["cost_usd"] == "0.022"
        again, _ = capped(wired, [], session_usd=D("0.03"))
        told = await Runner(again, None).decide("BTC/USD", SLOT)
    assert "0.022 of the 0.03 USD of the session 's'" in told["reason"]


class Died(Exception):
    """Stands for a process that is gone while a model thinks."""


async def test_a_decision_that_died_and_is_made_again_is_the_same_and_both_are_paid(
    tmp_path: Path,
) -> None:
    decisions = []
    for name, deaths in (("undisturbed", 0), ("disturbed", 1)):
        async with wired_session(tmp_path / name) as wired:
            for _ in range(deaths):
                context, _ = capped(wired, [Died()], decision_usd=D("2.2"))
                with pytest.raises(Died):
                    await Runner(context, None).decide("BTC/USD", SLOT)
            context, _ = capped(wired, [NO], decision_usd=D("2.2"))
            await Runner(context, None).decide("BTC/USD", SLOT)
            decisions.append(wired.context.journal.decisions())
            calls = model_calls(wired.context.journal.database, "s", None, None)
    assert decisions[0] == decisions[1]
    assert [call.settled_at is None for call in calls] == [True, False]
    assert calls[0].usd is not None
    assert calls[1].usd == D("0.011")
    assert calls[0].usd > 1


async def test_a_session_says_once_that_the_money_is_used_up_and_a_replay_stops(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = capped(wired, [], session_usd=D("0.01"))
        said: list[str] = []
        session = session_of(wired, said, context)
        assert wired.window is not None
        first, end = wired.window
        slots = [first + context.timeframe.delta * n for n in range(1, 9)]
        with pytest.raises(OverBudget, match="or --usd-per-session raises a cap"):
            await session.replay(slots, end)
        assert session.made == 3
    assert [words[:9] for words in said] == ["MONEY_CAP"]
