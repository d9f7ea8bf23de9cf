"""A vote that is cut off and made again, and the same vote twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.models import NamedModel
from agent.opinions import Opinions, Voter
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.wire import Wired
from graph.context import RunContext
from graph.run import Runner, open_saver
from journal.spending_reading import model_calls
from tests.graph.room import SLOT, proposal, scripted, wired_session

ASK: Step = [("ohlcv", {"bars": 5}), ("regime", {})]
LEAD: list[Step] = [ASK, proposal(5300)]


class Silent(ScriptedModel):
    """Says when it is asked, and never answers."""

    def __init__(self) -> None:
        super().__init__([])
        self._asked = asyncio.Event()

    @property
    def asked(self) -> asyncio.Event:
        return self._asked

    async def _agenerate(self, *_: Any, **__: Any) -> Any:
        self._asked.set()
        await asyncio.Event().wait()


def voter(name: str, *steps: Step) -> Voter:
    return Voter(name, Planner([NamedModel(name, ScriptedModel(steps))], (), max_attempts=1))


def session(wired: Wired, lead: Sequence[Step], *voters: Voter, again: Voter) -> RunContext:
    context, _ = scripted(wired, lead)
    return replace(context, opinions=Opinions(voters, again, 3))


def agreeing() -> tuple[Voter, Voter, Voter]:
    say = proposal(5290)
    return voter("one", say), voter("two", proposal(5310)), voter("itself", *[say] * 3)


async def told(home: Path) -> tuple[list[Any], list[dict[str, Any]]]:
    """Everything that a decision with votes left behind, but for how long it took."""
    one, two, itself = agreeing()
    async with wired_session(home) as wired:
        context = session(wired, LEAD, one, two, again=itself)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        recorded = context.recorder.store.events(final["run_id"])
        took = {"latency_ms", "duration_ms", "read"}
        return context.journal.decisions(), [
            each.event.model_dump(exclude=took) for each in recorded
        ]


async def test_two_runs_with_votes_leave_the_same_trace(tmp_path: Path) -> None:
    decisions, events = await told(tmp_path / "a")
    assert (decisions, events) == await told(tmp_path / "b")
    assert [e["voter"] for e in events if e["kind"] == "vote_cast"] == [
        "one",
        "two",
        *["itself"] * 3,
    ]


async def test_a_decision_whose_vote_was_cut_off_is_made_again_and_is_the_same(
    tmp_path: Path,
) -> None:
    """Of a call that was under way nobody knows the price: it counts at its worst."""
    undisturbed, _ = await told(tmp_path / "undisturbed")
    silent = Silent()
    async with wired_session(tmp_path / "cut") as wired, open_saver(tmp_path / "c.db") as saver:
        one, two, itself = agreeing()
        deaf = Voter("two", Planner([NamedModel("two", silent)], (), max_attempts=1))
        context = session(wired, LEAD, one, deaf, again=itself)
        deciding = asyncio.create_task(Runner(context, saver).decide("BTC/USD", SLOT))
        await silent.asked.wait()
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        assert context.journal.decisions() == []
        assert context.journal.orders() == []
        one, two, itself = agreeing()
        context = session(wired, LEAD, one, two, again=itself)
        await Runner(context, saver).decide("BTC/USD", SLOT)
        assert context.journal.decisions() == undisturbed
        calls = model_calls(context.journal.database, "s", None, None)
    cut_off = [call.model for call in calls if call.settled_at is None]
    assert cut_off.count("two") == 1
    assert len(calls) - len(cut_off) >= 2 * len(LEAD) + 5
