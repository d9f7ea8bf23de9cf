"""Stop, edit, go back, go the other way: without a screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.scripted_model import Step
from domain.errors import ConfigError
from domain.lifecycle import OrderStatus
from graph.breakpoints import Breakpoints
from graph.debugger import Debugger
from graph.run import open_saver
from tests.graph.room import SLOT, proposal, scripted, wired_session
from traces.step_events import BranchTaken, StateEdited


async def test_an_edit_before_review_changes_the_verdict_and_back_undoes_it(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200)])
        debugger = Debugger(context, saver, mode="armed")
        assert (await debugger.start("BTC/USD", SLOT)).node == "observe"
        await debugger.step()
        assert len(debugger.messages()) == 2
        assert (await debugger.step()).node == "review"
        assert (await debugger.step()).node == "revise"
        await debugger.back()
        await debugger.edit("draft.targets.0.price", "5300")
        assert (await debugger.step()).node == "submit"
        verdict = debugger.verdict()
        assert verdict is not None
        assert verdict.approved
        with pytest.raises(ConfigError, match="committed as the gate has approved it"):
            await debugger.edit("draft.confidence", "1")
        await debugger.back()
        await debugger.back()
        assert debugger.stop.node == "plan"
        assert debugger.trail == ["observe"]


async def test_going_another_way_withdraws_the_intent_of_the_first(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5300)])
        debugger = Debugger(context, saver, mode="armed")
        await debugger.start("BTC/USD", SLOT)
        while debugger.stop.node != "record":
            await debugger.step()
        (first,) = context.journal.orders(OrderStatus.PENDING)
        await debugger.back()
        await debugger.back()
        await debugger.edit("draft.targets.0.price", "5320")
        while debugger.stop.node is not None:
            await debugger.step()
        (second,) = context.journal.orders(OrderStatus.PENDING)
        assert second.client_order_id != first.client_order_id
        assert [o.client_order_id for o in context.journal.orders()] == [second.client_order_id]


async def test_a_wrong_edit_names_what_is_there(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200)])
        debugger = Debugger(context, saver, mode="armed")
        await debugger.start("BTC/USD", SLOT)
        with pytest.raises(ConfigError, match="no field 'nothing'"):
            await debugger.edit("nothing", "1")
        await debugger.step()
        await debugger.step()
        for path, value, words in [
            ("draft.targets.3.price", "1", "0 to 0"),
            ("draft.size", "1", "invalidation"),
            ("draft.confidence", "7", "draft.confidence"),
            ("draft.side", "up", "draft.side"),
            ("draft", "null", "draft"),
            ("tool_turns", "abc", "tool_turns"),
        ]:
            with pytest.raises(ConfigError, match=words):
                await debugger.edit(path, value)
        await debugger.edit("draft", '{"side": "long", "targets": [{"price": 5300}], '
                            '"invalidation": 5100, "horizon_bars": 3, "thesis": "t", '
                            '"confidence": 0.9}')  # fmt: skip
        assert debugger.stop.state["draft"] is not None
        assert debugger.stop.state["draft"]["confidence"] == "0.9"
        assert (await debugger.edit("reason", "because")).state["reason"] == "because"


async def test_without_arms_nothing_is_committed_and_the_decision_says_so(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5300)])
        debugger = Debugger(context, saver)
        await debugger.start("BTC/USD", SLOT)
        while debugger.stop.node is not None:
            await debugger.step()
        assert context.journal.orders() == []
        assert debugger.stop.state["orders"] == []
        decided = context.journal.decisions()
        assert [(one["outcome"], one["codes"]) for one in decided] == [("no_trade", ["DISARMED"])]
        recorded = context.recorder.store.events(debugger.stop.state["run_id"])
        (edit,) = (one.event for one in recorded if isinstance(one.event, StateEdited))
        assert (edit.field, edit.after) == ("outcome", "no_trade DISARMED")


async def test_branches_keep_their_own_ways(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200)])
        debugger = Debugger(context, saver)
        await debugger.start("BTC/USD", SLOT)
        for _ in range(3):
            await debugger.step()
        assert debugger.stop.node == "revise"
        await debugger.back()
        await debugger.fork()
        with pytest.raises(ConfigError, match="a branch '2' already"):
            await debugger.fork("2")
        await debugger.edit("draft.targets.0.price", "5300")
        while debugger.stop.node is not None:
            await debugger.step()
        main, two = debugger.branches.values()
        assert (main.stop.node, two.stop.node) == ("review", None)
        assert (two.parent, two.forked_before) == ("main", "review")
        assert debugger.recorded == "2"
        with pytest.raises(ConfigError, match="no branch 'x'; there is main, 2"):
            debugger.switch("x")
        debugger.switch("main")
        await debugger.step()
        denied, approved = (debugger.verdict(branch) for branch in (main, two))
        assert denied is not None
        assert approved is not None
        assert (denied.codes, approved.codes) == (("RR_BELOW_MIN",), ())
        recorded = context.recorder.store.events(debugger.stop.state["run_id"])
        hands = [one.event for one in recorded if isinstance(one.event, BranchTaken | StateEdited)]
        told = [e.how if isinstance(e, BranchTaken) else "edit" for e in hands]
        assert told == ["back", "fork", "edit", "edit", "switch"]


async def test_a_tools_answer_is_edited_before_the_model_reads_it(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        asked: Step = [("regime", {})]
        context, model = scripted(wired, [asked, [("no_trade", {"reason": "wait"})]])
        debugger = Debugger(context, saver)
        await debugger.start("BTC/USD", SLOT)
        await debugger.step()
        await debugger.step()
        assert debugger.calls() == ["regime"]
        stop = await debugger.step()
        number = len(stop.state["messages"]) - 1
        told = json.loads(debugger.text_of(f"messages.{number}"))
        for text, words in [
            ("nothing", "JSON object"),
            (json.dumps({**told, "id": "regime#9"}), "stays so"),
        ]:
            with pytest.raises(ConfigError, match=words):
                await debugger.edit(f"messages.{number}", text)
        await debugger.edit(f"messages.{number}", json.dumps({**told, "by_hand": True}))
        await debugger.step()
        assert '"by_hand":true' in model.calls[-1][-1].text
        with pytest.raises(ConfigError, match="is what the model said"):
            await debugger.edit(f"messages.{number - 1}", "x")


async def test_what_a_person_may_not_put_into_the_state(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200)])
        debugger = Debugger(context, saver)
        await debugger.start("BTC/USD", SLOT)
        await debugger.step()
        for path, text, words in [
            ("approved", "true", "said by gate"),
            ("versions", "[]", "said by gate"),
            ("answer", "plan", "answer"),
            ("cost_usd", "dear", "an amount in USD"),
            ("tool_turns", "-1", "0 to 2147483647"),
            ("model_calls", str(10**30), "0 to 2147483647"),
            ("cost_usd", "1E999999999", "an amount in USD"),
            ("outcome", "approved", "that is what a commit says"),
            ("reason", "x" * 1_000_001, "at most 1000000 are read"),
            ("codes", '["A\\nB"]', "codes such as"),
            ("complaint", '["A"]', "a code and a sentence"),
            ("offers", '["teleport"]', "'teleport' is no tool"),
            ("snapshot.last", "low", "snapshot.last"),
            ("messages.9", "x", "0 to 1"),
            ("messages", "x", "names no message"),
        ]:
            with pytest.raises(ConfigError, match=words):
                await debugger.edit(path, text)
        await debugger.edit("snapshot.last", "1.5")
        assert debugger.text_of("snapshot.last") == '"1.5"'
        debugger.mode = "armed"
        with pytest.raises(ConfigError, match="ARMED"):
            await debugger.edit("snapshot.last", "1.6")


def test_a_breakpoint_has_to_be_a_node_a_tool_or_a_code() -> None:
    points = Breakpoints(["ohlcv"])
    for name in ("review", "ohlcv", "rr_below_min", "DEADLINE", "review"):
        points.add(name)
    assert points.names == ("review", "ohlcv", "RR_BELOW_MIN", "DEADLINE")
    with pytest.raises(ConfigError, match="did you mean RR_BELOW_MIN"):
        points.add("RR_BELOW")
    with pytest.raises(ConfigError, match="is no breakpoint"):
        points.clear("plan")
    points.clear("rr_below_min")
    points.clear("all")
    assert points.names == ()
