"""Tools that look at the session itself: its record, and what its gate would say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.scripted_model import Step
from graph.context import RunContext
from graph.run import Runner, open_saver
from tests.graph.room import SLOT, proposal, scripted, wired_session
from tests.graph.test_run import ABSTAIN
from traces.events import Reviewed, ToolAnswered


def asked(**changes: Any) -> Step:
    return [("what_if", {"target": 5300, "invalidation": 5120, **changes}), ("position", {})]


async def answers(home: Path, *steps: Step) -> tuple[dict[str, Any], list[Any], RunContext]:
    """A decision's end, what its tools answered, and its context."""
    async with wired_session(home) as wired, open_saver(home / "c.db") as saver:
        context, _ = scripted(wired, steps)
        final = await Runner(context, saver).decide("BTC/USD", SLOT)
        events = [one.event for one in context.recorder.store.events(final["run_id"])]
        told = [
            json.loads(context.recorder.read_blob(event.content))
            for event in events
            if isinstance(event, ToolAnswered)
        ]
        assert context.journal.orders() == [] or final["outcome"] == "approved"
        reviews = [event for event in events if isinstance(event, Reviewed)]
        return {**final, "reviews": reviews}, told, context


async def test_what_the_gate_would_approve_is_told_and_nothing_comes_of_it(tmp_path: Path) -> None:
    final, (said, held), _ = await answers(tmp_path, asked(confidence=0.7), ABSTAIN)
    assert final["outcome"] == "no_trade"
    assert (final["versions"], final["orders"], final["reviews"]) == ([], [], [])
    assert said["would_pass"] is True
    assert said["plan"]["quantity"] > 0
    assert (held["positions"]["rows"], held["orders"]["rows"], held["plans"]["rows"]) == (
        [],
        [],
        [],
    )


async def test_what_is_asked_is_what_is_judged_when_it_is_proposed(tmp_path: Path) -> None:
    final, (said, _), context = await answers(
        tmp_path, asked(confidence=0.7), proposal(5300, confidence=0.7)
    )
    assert final["outcome"] == "approved"
    (order, *_) = context.journal.orders()
    assert float(order.quantity) == said["plan"]["quantity"]


async def test_a_denial_says_why_and_what_would_pass(tmp_path: Path) -> None:
    _, (said, _), _ = await answers(tmp_path, asked(target=5160, confidence=0.7), ABSTAIN)
    assert said["would_pass"] is False
    assert "RR_BELOW_MIN" in said["codes"]
    assert said["plan"] is None
    assert said["nearest"].startswith("Would pass")


async def test_a_draft_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    final, (said, _), _ = await answers(tmp_path, asked(invalidation=None), ABSTAIN)
    assert (said["refused"], final["tool_calls"]) == ("BAD_ARGUMENTS", 2)
