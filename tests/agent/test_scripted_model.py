"""The scripted model plays what it was given, and says when the script did not fit."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agent.scripted_model import ScriptedModel, ScriptExhausted


async def test_steps_are_played_in_order_and_prompts_kept() -> None:
    model = ScriptedModel(
        [
            [("ohlcv", {"bars": 3}), ("regime", {})],
            lambda messages: f"saw {len(messages)}",
            AIMessage("end"),
        ]
    )
    bound = model.bind_tools([])
    first = await bound.ainvoke("go")
    assert [(c["name"], c["id"]) for c in first.tool_calls] == [
        ("ohlcv", "call_0_0"),
        ("regime", "call_0_1"),
    ]
    assert (await bound.ainvoke([HumanMessage("a"), HumanMessage("b")])).content == "saw 2"
    with pytest.raises(ScriptExhausted, match="1 of 3"):
        model.assert_finished()
    assert (await bound.ainvoke("go")).content == "end"
    model.assert_finished()
    assert [len(prompt) for prompt in model.calls] == [1, 2, 1]


def test_a_call_too_many_fails() -> None:
    model = ScriptedModel([])
    with pytest.raises(ScriptExhausted, match="0 steps"):
        model.invoke("go")


def test_an_exception_is_a_step() -> None:
    model = ScriptedModel([TimeoutError("slow"), "then"])
    with pytest.raises(TimeoutError):
        model.invoke("go")
    assert model.invoke("go").content == "then"
