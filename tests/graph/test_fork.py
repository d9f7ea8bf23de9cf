"""A finished run gone on with from one of its nodes, as a run of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.models import NamedModel
from agent.scripted_model import ScriptedModel, Step
from app.session import ORDER_DELAY
from app.wire import Wired
from domain.clock import EPOCH, FixedClock
from domain.errors import ConfigError, StateError
from graph.finished import StandIn
from graph.fork import Fork, Forked
from graph.replay import Replayer
from graph.run import Runner
from tests.graph.room import proposal, scripted, wired_session
from tests.graph.test_replan import replan
from tests.graph.test_replay import change, decided, own
from traces.events import RunStarted
from traces.store import TraceStore
from traces.verify import newest_session, runs_of, verify_runs

LEAD: list[Step] = [[("regime", {})], proposal(5160), proposal(5300)]
"""Asks, is denied, is approved."""


async def forked(
    wired: Wired,
    final: dict[str, Any],
    node: str,
    *steps: Step,
    of: tuple[str, str] | None = None,
) -> Forked:
    session, run_id = of or ("s", final["run_id"])
    model = ScriptedModel(steps)
    stand_in = StandIn([NamedModel("other", model)], wired.context.spending, {})
    database = wired.context.journal.database
    way = Fork(database, session, run_id, node, stand_in, FixedClock(EPOCH))
    came = await way.run()
    model.assert_finished()
    return came


async def test_a_fork_is_a_run_of_its_own_that_commits_nothing(tmp_path: Path) -> None:
    async with decided(tmp_path, LEAD) as (wired, final):
        journal, database = wired.context.journal, wired.context.journal.database
        before = (journal.orders(), journal.decisions(), len(journal.plans()))
        came = await forked(wired, final, "plan#3", proposal(5310))
        again = await forked(wired, final, "plan#2", [("no_trade", {"reason": "no edge"})])
        assert (journal.orders(), journal.decisions(), len(journal.plans())) == before
        events = [item.event for item in TraceStore(database, came.session).events(came.run_id)]
        kinds = [event.kind for event in events]
        found = verify_runs(database, runs_of(database))
        assert newest_session(database) == "s"
        replayer = Replayer(database, came.session)
        replayed = [await replayer.replay(one.run_id) for one in (came, again)]
    started = events[0]
    assert isinstance(started, RunStarted)
    assert started.fork_of is not None
    assert (started.fork_of.run_id, started.fork_of.node) == (final["run_id"], "plan#3")
    assert (came.session, came.run_id) == ("s~forks", f"{final['run_id']}~1")
    assert (came.final["outcome"], came.final["model_calls"]) == ("approved", 3)
    assert came.final["draft"] != final["draft"]
    assert "plan_committed" not in kinds
    assert kinds.count("tool_answered") == 1
    assert (again.run_id, again.final["outcome"]) == (f"{final['run_id']}~2", "no_trade")
    assert found.broken == []
    assert [(one.difference, one.final) for one in replayed] == [
        (None, came.final),
        (None, again.final),
    ]


async def test_a_fork_is_forked_again(tmp_path: Path) -> None:
    async with decided(tmp_path, LEAD) as (wired, final):
        one = await forked(wired, final, "plan#2", proposal(5310))
        origin = (one.session, one.run_id)
        two = await forked(wired, final, "plan#2", [("no_trade", {"reason": "no"})], of=origin)
        database = wired.context.journal.database
        again = await Replayer(database, two.session).replay(two.run_id)
    assert (two.session, two.run_id) == (one.session, f"{one.run_id}~1")
    assert (one.final["outcome"], two.final["outcome"]) == ("approved", "no_trade")
    assert (again.difference, again.final) == (None, two.final)


async def test_a_run_that_abstained_can_end_in_a_plan(tmp_path: Path) -> None:
    async with decided(tmp_path, [[("no_trade", {"reason": "no edge"})]]) as (wired, final):
        came = await forked(wired, final, "plan", proposal(5310))
        again = await Replayer(wired.context.journal.database, came.session).replay(came.run_id)
    assert (final["outcome"], came.final["outcome"]) == ("no_trade", "approved")
    assert (again.difference, again.final) == (None, came.final)


async def test_what_nobody_asked_of_a_standing_plan_is_not_made_up(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        clock = wired.context.clock
        assert isinstance(clock, FixedClock)
        for step in (proposal(5300), [("no_trade", {"reason": "it holds"})]):
            at = clock.now()
            await wired.executor.advance(at)
            context, _ = scripted(wired, [step])
            final = await Runner(own(context), None).decide("BTC/USD", at)
            clock.advance_to(at + ORDER_DELAY)
            await wired.executor.dispatch()
            clock.advance_to(at + timedelta(hours=1))
        with pytest.raises(StateError, match=r"'versions of .*' was never asked in this run"):
            await forked(wired, final, "plan", replan(invalidation=5125))


async def test_there_is_no_way_to_a_node_that_is_not_there_or_past_a_change(
    tmp_path: Path,
) -> None:
    async with decided(tmp_path, LEAD) as (wired, final):
        with pytest.raises(ConfigError, match="it has observe, plan, call_tools"):
            await forked(wired, final, "consult")
        sql = "UPDATE trace_event SET body = replace(body, 'RR_BELOW', 'XX_BELOW') "
        change(wired, sql + "WHERE kind = 'revised'")
        with pytest.raises(StateError, match=r"revise comes out otherwise .*\(revised.codes"):
            await forked(wired, final, "plan#3", proposal(5310))
