"""Stop, edit, go back, go the other way: without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from domain.lifecycle import OrderStatus
from graph.debugger import Debugger
from graph.run import open_saver
from tests.graph.room import SLOT, proposal, scripted, wired_session


async def test_an_edit_before_review_changes_the_verdict_and_back_undoes_it(
    tmp_path: Path,
) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5200)])
        debugger = Debugger(context, saver)
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
        await debugger.back()
        await debugger.back()
        assert debugger.stop.node == "plan"
        assert debugger.trail == ["observe"]


async def test_going_another_way_withdraws_the_intent_of_the_first(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired, open_saver(tmp_path / "c.db") as saver:
        context, _ = scripted(wired, [proposal(5300)])
        debugger = Debugger(context, saver)
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
        debugger = Debugger(context, saver)
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
