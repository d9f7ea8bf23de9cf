"""Token counts are exact for OpenAI's models without a network, and say so when they are not."""

from __future__ import annotations

import os

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from agent.tokens import count_answer, count_prompt, encoding_for
from tests.agent.samples import said

COOKBOOK = [
    SystemMessage(
        "You are a helpful, pattern-following assistant that translates corporate jargon into "
        "plain English."
    ),
    SystemMessage("New synergies will help drive top-line growth.", name="example_user"),
    SystemMessage("Things working well together will increase revenue.", name="example_assistant"),
    SystemMessage(
        "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage.",
        name="example_user",
    ),
    SystemMessage(
        "Let's talk later when we're less busy about how to do better.", name="example_assistant"
    ),
    HumanMessage(
        "This late pivot means we don't have time to boil the ocean for the client deliverable."
    ),
]
"""The example of OpenAI's cookbook, "How to count tokens with tiktoken"."""


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("hello world", [24912, 2375]),
        ("", []),
        ("<|endoftext|>", [27, 91, 419, 1440, 919, 91, 29]),
    ],
)
def test_the_tokenizer_is_openais_own(text: str, tokens: list[int]) -> None:
    encoding = encoding_for("gpt-4o")
    assert encoding is not None
    assert encoding.name == "o200k_base"
    assert encoding.encode(text, disallowed_special=()) == tokens


@pytest.mark.parametrize(("model", "billed"), [("gpt-4o", 124), ("gpt-4", 129)])
def test_a_prompt_is_what_the_api_bills_for_it(model: str, billed: int) -> None:
    count = count_prompt(COOKBOOK, [], model)
    assert count.source == "tiktoken"
    assert count.tokens == billed


def test_one_short_message_is_what_the_api_bills() -> None:
    # The API reports 8 prompt tokens for one user message "hi": 1 text, 1 role, 3 frame, 3 reply.
    assert count_prompt([HumanMessage("hi")], [], "gpt-4o").tokens == 8


def test_tools_and_earlier_calls_are_counted() -> None:
    bare = count_prompt(COOKBOOK, [], "gpt-4o").tokens
    tool = {"type": "function", "function": {"name": "ohlcv", "parameters": {}}}
    assert count_prompt(COOKBOOK, [tool], "gpt-4o").tokens > bare + 10
    asked = said(("ohlcv", '{"bars": 64, "timeframe": "1h"}'))
    assert count_prompt([*COOKBOOK, asked], [], "gpt-4o").tokens > bare + 10


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {
                    "type": "string",
                    "description": "The city and state, e.g. San Francisco, CA",
                },
                "unit": {
                    "type": "string",
                    "description": "The unit of temperature to return",
                    "enum": ["celsius", "fahrenheit"],
                },
            },
            "required": ["location"],
        },
    },
}
"""The example of the same page, "Counting tokens for chat completions with tool calls"."""


@pytest.mark.parametrize(("model", "billed"), [("gpt-4o", 101), ("gpt-4", 105)])
def test_a_tool_is_what_the_api_bills_for_it(model: str, billed: int) -> None:
    asked = [
        SystemMessage(
            "You are a helpful assistant that can answer to questions about the weather."
        ),
        HumanMessage("What's the weather like in San Francisco?"),
    ]
    assert count_prompt(asked, [WEATHER], model).tokens == billed


def test_what_lies_deeper_in_a_schema_is_counted_too() -> None:
    def tokens(schema: object) -> int:
        parameters = {"type": "object", "properties": {"levels": schema}}
        tool = {"type": "function", "function": {"name": "t", "parameters": parameters}}
        return count_prompt([], [tool], "gpt-4o").tokens

    row = {"type": "object", "properties": {"price": {"type": "number"}}}
    plain = tokens({"type": "array"})
    assert tokens({"type": "array", "items": row}) > plain + 3
    assert tokens({"type": "array", "maxItems": 3}) > plain + 3
    assert tokens({"anyOf": [row, {"type": "null"}]}) > plain + 3
    assert tokens(True) > 0


def test_other_models_are_estimated_and_called_so() -> None:
    count = count_prompt([HumanMessage("x" * 396)], [], "qwen2.5")
    assert count.source == "estimate"
    assert count.tokens == (396 + len("user")) // 4
    assert count_answer(AIMessage("y" * 40), "qwen2.5").tokens == 10


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-4.1", "gpt-5", "o3", "o4-mini", "gpt-4"])
def test_the_models_of_the_price_list_have_their_tokenizer(model: str) -> None:
    assert encoding_for(model) is not None


def test_models_with_another_vocabulary_are_estimated() -> None:
    assert encoding_for("davinci") is None
    assert encoding_for("rules") is None


def test_nothing_is_left_in_the_environment_and_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "/nowhere")
    encoding_for.cache_clear()
    assert encoding_for("gpt-4") is not None
    assert os.environ["TIKTOKEN_CACHE_DIR"] == "/nowhere"


def test_a_lone_surrogate_is_counted_and_does_not_raise() -> None:
    assert count_prompt([HumanMessage("\ud800")], [], "gpt-4o").tokens > 0
