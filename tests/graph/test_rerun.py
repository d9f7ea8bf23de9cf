"""A finished run stepped through again, unchanged and changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from agent.models import NamedModel
from agent.scripted_model import ScriptedModel, Step
from app.home import DATABASE
from domain.errors import StateError
from graph.debugger import Debugger
from graph.finished import FinishedRun, StandIn
from graph.rerun import Retelling
from graph.run import Runner
from graph.stage import Stage
from tests.graph.room import SLOT, proposal, scripted, wired_session

STEPS: list[Step] = [[("regime", {})], proposal(5200), proposal(5300)]
"""Asks, is denied RR_BELOW_MIN, passes."""


@asynccontextmanager
async def finished(
    home: Path, steps: Sequence[Step] = STEPS, model: ScriptedModel | None = None
) -> AsyncIterator[tuple[Debugger, dict[str, object], list[str]]]:
    """A decision's run to step through, its final state, and what a person is told."""
    async with wired_session(home) as wired:
        context, _ = scripted(wired, steps)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        database, session = context.journal.database, context.journal.session
        before = len(context.recorder.store.events(final["run_id"]))
        told: list[str] = []
        named = [NamedModel("other", model)] if model else []
        stand_in = StandIn(named, context.spending, {}) if model else None
        run = FinishedRun(Stage(database, session), final["run_id"], stand_in)
        debugger = Retelling(run, told.append)
        await debugger.begin()
        yield debugger, final, told
        assert len(context.recorder.store.events(final["run_id"])) == before
        assert len(context.journal.orders()) == len(final["orders"])


async def test_an_unchanged_run_comes_to_its_end_again(tmp_path: Path) -> None:
    async with finished(tmp_path) as (debugger, final, told):
        while debugger.stop.node is not None:
            await debugger.step()
        assert dict(debugger.stop.state) == final
        assert final["outcome"] == "approved"
        assert told == []


async def test_another_draft_meets_the_gate_on_the_same_facts(tmp_path: Path) -> None:
    async with finished(tmp_path) as (debugger, _, told):
        while debugger.stop.node != "revise":
            await debugger.step()
        await debugger.fork()
        await debugger.back()
        await debugger.edit("draft.targets.0.price", "5310")
        assert (await debugger.step()).node == "submit"
        verdict = debugger.verdict()
        assert verdict is not None
        assert verdict.bracket is not None
        assert [str(target.price) for target in verdict.bracket.targets] == ["5310"]
        assert debugger.holds_back
        while debugger.stop.node is not None:
            await debugger.step()
        assert debugger.stop.state["codes"] == ["DISARMED"]
        debugger.switch("main")
        while debugger.stop.node is not None:
            await debugger.step()
        assert debugger.stop.state["outcome"] == "approved"
        assert told == []


async def test_what_nobody_said_then_is_not_made_up(tmp_path: Path) -> None:
    async with finished(tmp_path) as (debugger, _, _told):
        while debugger.calls() != ["regime"]:
            await debugger.step()
        await debugger.step()
        number = len(debugger.stop.state["messages"]) - 1
        await debugger.edit(f"messages.{number}", '{"id":"regime#1","trend":"down"}')
        with pytest.raises(StateError, match="the model was never asked this"):
            await debugger.step()
        assert debugger.stop.node == "plan"
        await debugger.back()
        await debugger.edit("reason", "another way")
        await debugger.step()
        assert (await debugger.step()).state["answer"] == "plan"


async def test_another_model_is_asked_what_nobody_was_asked(tmp_path: Path) -> None:
    model = ScriptedModel([[("regime", {}), ("funding", {})], [("no_trade", {"reason": "down"})]])
    async with finished(tmp_path, model=model) as (debugger, _, told):
        while debugger.calls() != ["regime"]:
            await debugger.step()
        await debugger.step()
        assert model.calls == []
        number = len(debugger.stop.state["messages"]) - 1
        await debugger.edit(f"messages.{number}", '{"id":"regime#1","trend":"down"}')
        await debugger.step()
        await debugger.step()
        known, unknown = (message.text for message in debugger.messages()[-2:])
        assert json.loads(known)["id"] == "regime#1"
        assert json.loads(unknown)["refused"] == "UNAVAILABLE"
        while debugger.stop.node is not None:
            await debugger.step()
        assert debugger.stop.state["reason"] == "down"
        assert told == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE trace_blob SET data = x'00'", "plangate traces verify"),
        ("DELETE FROM trace_blob", "text"),
    ],
    ids=["changed", "gone"],
)
async def test_a_spoilt_record_is_not_told_as_if_it_were_sound_and_the_run_stays(
    damage: str, said: str, tmp_path: Path
) -> None:
    async with finished(tmp_path) as (debugger, _, _told):
        for _ in range(2):
            await debugger.step()
        with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
            connection.execute(
                f"{damage} WHERE hash = (SELECT json_extract(body, '$.content') "  # noqa: S608  # of the list above
                "FROM trace_event WHERE kind = 'tool_answered')"
            )
            connection.commit()
        with pytest.raises(StateError, match=said):
            await debugger.step()
        assert debugger.stop.node == "call_tools"
