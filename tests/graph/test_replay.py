"""Recorded decisions made again from their traces: exact, or the first difference is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlalchemy import text

from agent.consensus import Terms
from agent.opinions import Opinions
from agent.scripted_model import Step
from app.replaying import replays
from app.session import ORDER_DELAY
from app.wire import Wired
from domain.clock import FixedClock
from domain.errors import StateError, Unreachable
from graph.context import RunContext
from graph.replay import Replayed, Replayer
from graph.run import Runner
from graph.terms import read_terms, terms_of
from tests.graph.room import SLOT, proposal, scripted, wired_session
from tests.graph.test_consulting import voter
from tests.graph.test_replan import leave, replan
from traces.events import ToolAnswered

SYMBOL = "BTC/USD"
ASK: Step = [("ohlcv", {"bars": 5}), ("regime", {}), ("position", {}), ("nonsense", {})]
H = timedelta(hours=1)


@asynccontextmanager
async def decided(
    home: Path, lead: Sequence[Step], **changes: Any
) -> AsyncIterator[tuple[Wired, dict[str, Any]]]:
    """One decision of `lead`, in the state that it left."""
    async with wired_session(home) as wired:
        context, model = scripted(wired, lead)
        final = await Runner(own(replace(context, **changes)), None).decide(SYMBOL, SLOT)
        model.assert_finished()
        yield wired, final


def own(context: RunContext) -> RunContext:
    """With the hash of the prompts that it really has."""
    return replace(context, prompt_hash=terms_of(context).prompts_hash())


async def again(wired: Wired, final: dict[str, Any]) -> Replayed:
    database = wired.context.journal.database
    return await Replayer(database, "s").replay(final["run_id"])


def change(wired: Wired, sql: str, **values: Any) -> None:
    """Somebody writes into the database."""
    with wired.context.journal.database.begin() as connection:
        assert connection.execute(text(sql), values).rowcount > 0


async def test_a_decision_with_data_a_denial_and_a_revision_comes_out_exactly(
    tmp_path: Path,
) -> None:
    async with decided(tmp_path, [ASK, proposal(5160), proposal(5300)]) as (wired, final):
        replayed = await again(wired, final)
    assert final["outcome"] == "approved"
    assert replayed.difference is None
    assert replayed.nodes == (
        "observe", "plan", "call_tools", "plan#2", "review", "revise", "plan#3", "review#2",
        "submit", "record",
    )  # fmt: skip
    assert replayed.final == final


async def test_a_plan_that_is_entered_changed_and_left_is_replayed_from_each_decision(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired:
        clock, finals = wired.context.clock, []
        assert isinstance(clock, FixedClock)
        steps = [proposal(5300), replan(invalidation=5125), leave(fraction=0.5), leave()]
        for hours, step in enumerate(steps):
            at = SLOT + hours * H
            clock.advance_to(at)
            await wired.executor.advance(at)
            context, _ = scripted(wired, [step])
            finals.append(await Runner(own(context), None).decide(SYMBOL, at))
            clock.advance_to(at + ORDER_DELAY)
            await wired.executor.dispatch()
        orders = wired.context.journal.orders()
        runs = [final["run_id"] for final in finals]
        database = wired.context.journal.database
        replayer = Replayer(database, "s")
        replayed = [await replayer.replay(run_id) for run_id in runs]
        assert [one.difference for one in replayed] == [None] * 4
        assert [one.final for one in replayed] == finals
        assert wired.context.journal.orders() == orders
    assert [final["outcome"] for final in finals] == ["approved", "replan", "exit", "exit"]


async def test_votes_and_repeats_are_told_again_and_who_was_silent_stays_so(
    tmp_path: Path,
) -> None:
    one, silent = voter("one", proposal(5290)), voter("two", Unreachable("gone"))
    itself = voter("itself", proposal(5300))[0]
    terms = Terms.model_validate({"min_quorum_fraction": "0.6"})
    opinions = Opinions((one[0], silent[0]), itself, 1, terms)
    async with decided(tmp_path, [proposal(5300)], opinions=opinions) as (wired, final):
        replayed = await again(wired, final)
    assert final["opinions"]["asked_count"] == 3
    assert (replayed.difference, replayed.final) == (None, final)


async def test_a_chart_is_not_drawn_again(tmp_path: Path) -> None:
    async with decided(tmp_path, [proposal(5300)], charts=True) as (wired, final):
        replayed = await again(wired, final)
        kinds = {e.event.kind for e in wired.context.recorder.store.events(final["run_id"])}
    assert "chart_drawn" in kinds
    assert (replayed.difference, replayed.final) == (None, final)


async def test_a_model_that_did_not_answer_does_not_answer_again(tmp_path: Path) -> None:
    mute = voter("gone", Unreachable("gone"))[0].planner
    async with decided(tmp_path, [], planner=mute) as (wired, final):
        replayed = await again(wired, final)
    assert final["codes"] == ["MODEL_UNAVAILABLE"]
    assert (replayed.difference, replayed.final) == (None, final)


async def test_one_byte_of_a_tools_answer_is_named_with_its_node_and_both_texts(
    tmp_path: Path,
) -> None:
    async with decided(tmp_path, [ASK, proposal(5300)]) as (wired, final):
        store = wired.context.recorder.store
        events = [item.event for item in store.events(final["run_id"])]
        name = next(e.content for e in events if isinstance(e, ToolAnswered))
        whole = store.blobs.get(name)
        place = whole.index("51")
        packed = zstandard.compress((whole[:place] + "61" + whole[place + 2 :]).encode())
        sql = "UPDATE trace_blob SET data = :data, encoding = 'zstd' WHERE hash = :name"
        change(wired, sql, data=packed, name=name)
        found = (await again(wired, final)).difference
        assert found is not None
        assert (found.node, found.where) == ("call_tools", "tool_answered.content of ohlcv#1")
        change(wired, sql, data=b"no", name=name)
        damaged = (await again(wired, final)).difference
    assert (found.expected, found.found) != (found.found, found.expected)
    assert found.expected.replace("51", "61", 1) == found.found
    assert damaged is not None
    assert "cannot be unpacked" in damaged.found


async def test_a_changed_event_is_named_with_its_field(tmp_path: Path) -> None:
    async with decided(tmp_path, [proposal(5300)]) as (wired, final):
        change(
            wired,
            "UPDATE trace_event SET body = replace(body, '\"5300\"', '\"5301\"') "
            "WHERE kind = 'answer_parsed'",
        )
        found = (await again(wired, final)).difference
    assert found is not None
    assert (found.node, found.where) == ("plan", "answer_parsed.body.targets[0].price")
    assert (found.expected, found.found) == ("5301", "5300")


async def test_prompts_that_have_changed_since_are_the_first_difference(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [proposal(5300)])
        other = replace(context, prompt_hash="0" * 32)
        final = await Runner(other, None).decide(SYMBOL, SLOT)
        found = (await again(wired, final)).difference
    assert found is not None
    assert found.node == "observe"
    assert "run id, a hash of graph, policy, prompts" in found.where


async def test_a_trace_without_what_was_asked_says_what_it_lacks(tmp_path: Path) -> None:
    async with decided(tmp_path, [proposal(5300)]) as (wired, final):
        change(wired, "DELETE FROM trace_event WHERE kind = 'node_done' AND node = 'review'")
        with pytest.raises(
            StateError, match="does not say what 'account' was answered at 'review'"
        ):
            await again(wired, final)
        sql = "UPDATE trace_event SET body = json_remove(body, '$.terms') WHERE kind = :kind"
        change(wired, sql, kind="run_started")
        database = wired.context.journal.database
        document = await replays(database, [("s", final["run_id"])], lambda _made, _total: None)
    assert document["exact_count"] == 0
    assert "recorded before 0.3" in document["not_replayable"][0]["sentence"]


async def test_terms_are_read_back_digit_for_digit(tmp_path: Path) -> None:
    async with wired_session(tmp_path, limits='evidence = "off"\nmax_stop_fraction = 0.100\n') as w:
        terms = terms_of(w.context)
    assert read_terms(terms.text) == terms
    assert read_terms(terms.text).text == terms.text
