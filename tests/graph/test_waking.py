"""When the model is asked, and when a decision is quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.scripted_model import Step
from app.wire import Wired
from domain.clock import FixedClock
from domain.errors import Unreachable
from graph.attention import Attention
from graph.run import Runner
from tests.broker.venue import H
from tests.graph.room import SLOT, proposal, scripted, wired_session
from traces.events import Attended

HOLD: Step = [("no_trade", {"reason": "nothing to do"})]
STILL = 100.0
"""No price moves so many ATR."""


async def decided(
    wired: Wired, steps: list[Step], hours: int, first: int = 0, **attention: Any
) -> list[dict[str, Any]]:
    """So many decisions, an hour apart; every scripted step is played."""
    context, model = scripted(wired, steps)
    context = replace(context, attention=Attention(**attention))
    clock, runner = context.clock, Runner(context, None)
    assert isinstance(clock, FixedClock)
    finals = []
    for hour in range(first, first + hours):
        at = SLOT + hour * H
        clock.advance_to(at)
        finals.append(await runner.decide("BTC/USD", at))
        await wired.executor.advance(at)
    model.assert_finished()
    return finals


def codes(finals: list[dict[str, Any]]) -> list[str]:
    return [final["woken"][0] for final in finals]


async def test_without_a_heartbeat_every_decision_is_asked(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        finals = await decided(wired, [HOLD] * 3, 3)
    assert [final["woken"] for final in finals] == [[], [], []]


async def test_a_quiet_decision_asks_nobody_and_says_why(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        store = wired.context.recorder.store
        finals = await decided(wired, [HOLD], 3, heartbeat_count=24, move_atr_ratio=STILL)
        events = [one.event for one in store.events(finals[1]["run_id"])]
    assert codes(finals) == ["FIRST", "QUIET", "QUIET"]
    assert [final["outcome"] for final in finals] == ["no_trade", "quiet", "quiet"]
    assert [final["model_calls"] for final in finals] == [1, 0, 0]
    assert "asked again in 23 decisions at the latest" in finals[1]["reason"]
    told = [event for event in events if isinstance(event, Attended)]
    assert [(event.asked, event.code, event.sentence) for event in told] == [
        (False, "QUIET", finals[1]["reason"])
    ]


async def test_the_heartbeat_asks_every_so_many_decisions(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        finals = await decided(wired, [HOLD] * 3, 7, heartbeat_count=3, move_atr_ratio=STILL)
    woken = ["FIRST", "QUIET", "QUIET", "HEARTBEAT", "QUIET", "QUIET", "HEARTBEAT"]
    assert [c if c in woken else "?" for c in codes(finals)] == woken


async def test_a_price_that_moved_wakes(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        finals = await decided(wired, [HOLD] * 2, 2, heartbeat_count=24, move_atr_ratio=0.01)
    assert codes(finals) == ["FIRST", "PRICE"]
    assert "0.01 wakes" in finals[1]["woken"][1]


async def test_an_answer_that_failed_is_asked_for_again(tmp_path: Path) -> None:
    down = Unreachable("no answer")
    async with wired_session(tmp_path) as wired:
        finals = await decided(
            wired, [down, down, down, HOLD], 2, heartbeat_count=24, move_atr_ratio=STILL
        )
    assert codes(finals) == ["FIRST", "RETRY"]
    assert finals[1]["woken"][1] == "the last answer failed: MODEL_UNAVAILABLE"


@pytest.mark.parametrize(
    ("wake_if", "woken"), [("price above 1", "CONDITION"), ("price above 100000", "QUIET")]
)
async def test_what_the_model_wants_to_be_woken_by_wakes_it(
    wake_if: str, woken: str, tmp_path: Path
) -> None:
    first: Step = [("no_trade", {"reason": "not yet", "wake_if": [wake_if]})]
    steps = [first, HOLD] if woken == "CONDITION" else [first]
    async with wired_session(tmp_path) as wired:
        finals = await decided(wired, steps, 2, heartbeat_count=24, move_atr_ratio=STILL)
    assert codes(finals) == ["FIRST", woken]


async def test_a_plan_that_was_made_is_looked_at_again(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        finals = await decided(
            wired, [proposal(5300), HOLD], 2, heartbeat_count=24, move_atr_ratio=STILL
        )
    assert finals[0]["outcome"] == "approved", finals[0]["codes"]
    assert codes(finals) == ["FIRST", "POSITION"]
    assert finals[1]["woken"][1].startswith("was flat, is flat, plan ")


async def test_another_process_finds_the_last_answer_in_the_journal(tmp_path: Path) -> None:
    asleep: Mapping[str, Any] = {"heartbeat_count": 24, "move_atr_ratio": STILL}
    async with wired_session(tmp_path) as wired:
        await decided(wired, [HOLD], 1, **asleep)
    async with wired_session(tmp_path) as wired:
        again = await decided(wired, [], 2, first=1, **asleep)
    assert codes(again) == ["QUIET", "QUIET"]
