"""Messages survive being stored, whatever is in them; equal ones give equal text."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from agent.messages import dump_message, load_message
from agent.parse import call_requests
from domain.errors import StateError
from tests.agent.samples import said

TEXT = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ARGS = st.dictionaries(TEXT, JSON, max_size=3)
CALLS = st.lists(st.fixed_dictionaries({"id": TEXT, "name": TEXT, "args": ARGS}), max_size=3)
BROKEN = st.lists(
    st.fixed_dictionaries({"id": TEXT, "name": TEXT, "args": TEXT, "error": TEXT}), max_size=2
)
MESSAGES: st.SearchStrategy[BaseMessage] = st.one_of(
    st.builds(SystemMessage, content=TEXT),
    st.builds(HumanMessage, content=TEXT, name=st.none() | TEXT),
    st.builds(ToolMessage, content=TEXT, tool_call_id=TEXT, name=st.none() | TEXT),
    st.builds(
        AIMessage,
        content=TEXT,
        tool_calls=CALLS,
        invalid_tool_calls=BROKEN,
        additional_kwargs=st.fixed_dictionaries(
            {"raw_arguments": st.dictionaries(TEXT, TEXT, max_size=2)}
        ),
        response_metadata=st.fixed_dictionaries({"finish_reason": TEXT}),
    ),
)


@given(MESSAGES)
def test_what_was_stored_comes_back(message: BaseMessage) -> None:
    text = dump_message(message)
    assert load_message(text) == message
    assert dump_message(load_message(text)) == text
    assert text.isascii()


def test_what_parsing_needs_survives() -> None:
    message = said(("ohlcv", '{"bars": 3}'), ("no_trade", "{broken"), finish_reason="length")
    again = load_message(dump_message(message))
    assert isinstance(again, AIMessage)
    assert call_requests(again) == call_requests(message)
    assert again.response_metadata == {"finish_reason": "length"}


def test_ids_usage_and_latency_do_not_change_the_text() -> None:
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    noisy = AIMessage(
        "x", id="lc_run--1", usage_metadata=usage, response_metadata={"id": "1", "took": 3}
    )
    assert dump_message(noisy) == dump_message(AIMessage("x"))


def test_hostile_text_is_stored_escaped() -> None:
    text = dump_message(HumanMessage("\ud800 \u202e \x00"))
    assert text.isascii()
    assert load_message(text).content == "\ud800 \u202e \x00"


def test_not_a_number_survives_as_such() -> None:
    call = {"id": "a", "name": "x", "args": {"v": math.nan}}
    again = load_message(dump_message(AIMessage("", tool_calls=[call])))
    assert isinstance(again, AIMessage)
    assert math.isnan(again.tool_calls[0]["args"]["v"])


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"type": "os.system"}', '{"type": "tool", "content": ""}', "{" * 9],
)
def test_a_text_that_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(StateError, match="stored message"):
        load_message(text)


def test_a_kind_we_do_not_speak_is_refused() -> None:
    with pytest.raises(StateError, match="'chat'"):
        dump_message(ChatMessage("x", role="other"))
