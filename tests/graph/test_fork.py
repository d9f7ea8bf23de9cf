"""A finished run gone on with from one of its nodes, as a run of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.models import NamedModel
from agent.scripted_model import ScriptedModel, Step
from app.wire import Wired
from domain.clock import EPOCH, FixedClock
from domain.errors import ConfigError, StateError
from graph.fork import Fork, Forked
from graph.rerun import StandIn
from graph.tape import tape_of
from tests.graph.room import proposal
from tests.graph.test_replay import change, decided
from traces.events import RunStarted
from traces.store import TraceStore
from traces.verify import newest_session, runs_of, verify_runs

LEAD: list[Step] = [[("regime", {})], proposal(5160), proposal(5300)]
"""Asks, is denied, is approved."""


async def forked(wired: Wired, final: dict[str, Any], node: str, *steps: Step) -> Forked:
    model = ScriptedModel(steps)
    stand_in = StandIn([NamedModel("other", model)], wired.context.spending, {})
    database = wired.context.journal.database
    way = Fork(database, "s", final["run_id"], node, stand_in, FixedClock(EPOCH))
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
        with pytest.raises(StateError, match="is a fork"):
            tape_of(came.run_id, TraceStore(database, came.session).events(came.run_id))
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
