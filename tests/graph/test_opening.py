"""The first prompt: the same before every decision on an instrument, then what has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agent.prompt_budget import read_budget
from graph.run import Runner
from tests.graph.room import SLOT, proposal, scripted, wired_session
from traces.events import PromptSent
from traces.prompt_events import PromptWritten

ABSTAIN = [("no_trade", {"reason": "nothing to do"})]


async def test_rules_and_tools_are_equal_to_the_byte_before_every_decision(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        # A denial, an approved plan that stands, and a later candle: nothing of it may show there.
        context, model = scripted(wired, [proposal(5200), proposal(5300), ABSTAIN])
        runner = Runner(context, None)
        first = await runner.decide("BTC/USD", SLOT)
        context.clock.advance_to(SLOT + timedelta(hours=3))  # type: ignore[attr-defined]
        await runner.decide("BTC/USD", SLOT + timedelta(hours=3))
        context.recorder.flush()
        opening = [asked[0].text for asked in model.calls]
        assert len(opening) == 3
        assert len(set(opening)) == 1
        assert len({asked[1].text for asked in model.calls}) == 2
        assert first["messages"][:1] != first["messages"][1:2]


async def test_the_answers_offered_are_those_that_the_moment_allows(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [proposal(5300), ABSTAIN])
        runner, later = Runner(context, None), SLOT + timedelta(hours=1)
        nothing = await runner.decide("BTC/USD", SLOT)
        context.clock.advance_to(later)  # type: ignore[attr-defined]
        working = await runner.decide("BTC/USD", later)
        assert (nothing["outcome"], working["outcome"]) == ("approved", "no_trade")
        data = [*context.desk.names]
        assert nothing["offers"] == [*data, "propose_plan", "no_trade"]
        assert working["offers"] == [*data, "replan", "propose_exit", "no_trade"]
        for final in (nothing, working):
            sent = [e.event for e in context.recorder.store.events(final["run_id"])]
            (prompt,) = [event for event in sent if isinstance(event, PromptSent)]
            tools = json.loads(context.recorder.read_blob(prompt.tools))
            names = [tool["function"]["name"] for tool in tools]
            assert names == final["offers"]


async def test_when_its_turns_are_used_up_no_data_is_offered_any_more(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        ask = [("regime", {})]
        context, _ = scripted(wired, [ask, ask, ABSTAIN], max_tool_turns_count=2)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        assert (final["outcome"], final["tool_turns"]) == ("no_trade", 2)
        sent = [e.event for e in context.recorder.store.events(final["run_id"])]
        tools = [e.tools for e in sent if isinstance(e, PromptSent)]
        assert tools[0] == tools[1] != tools[2]
        last = json.loads(context.recorder.read_blob(tools[2]))
        assert [tool["function"]["name"] for tool in last] == ["propose_plan", "no_trade"]


async def test_what_was_left_out_is_in_the_trace(tmp_path: Path) -> None:
    async with wired_session(tmp_path) as wired:
        context, _ = scripted(wired, [ABSTAIN])
        small = read_budget({"total_tokens": 0, "least_situation_tokens": 600}, "test")
        context = replace(context, prompt=small)
        final = await Runner(context, None).decide("BTC/USD", SLOT)
        events = [each.event for each in context.recorder.store.events(final["run_id"])]
        (written,) = [event for event in events if isinstance(event, PromptWritten)]
        assert written.situation_tokens <= written.most_tokens == 600
        assert written.before_tokens > 1000
        gone = {one.name: one.left_out for one in written.sections}
        assert gone["candles"] > 0
        assert gone["account"] == 0
