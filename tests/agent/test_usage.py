"""A provider's count of tokens is believed where it can be true."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.usage import MOST_TOKENS, told_usage
from domain.spending import Usage

TOLD: dict[str, Any] = {
    "input_tokens": 10,
    "output_tokens": 5,
    "total_tokens": 15,
    "input_token_details": {"cache_read": 4},
    "output_token_details": {"reasoning": 2},
}


def read(image_tokens: Any = 3, **changed: Any) -> Usage | None:
    """As the client hands it on, which holds no type against it."""
    message = AIMessage("x").model_copy(update={"usage_metadata": {**TOLD, **changed}})
    message.response_metadata["token_usage"] = {
        "prompt_tokens_details": {"image_tokens": image_tokens}
    }
    return told_usage(message)


def test_parts_are_never_more_than_the_whole() -> None:
    assert read() == Usage(10, 5, 4, "provider", 2, 3)
    parts: Any = {"cache_read": 99}, {"reasoning": 99}
    found = read(99, input_token_details=parts[0], output_token_details=parts[1])
    assert found == Usage(10, 5, 10, "provider", 5, 10)
    assert read(None, input_token_details={}, output_token_details={"reasoning": None}) == Usage(
        10, 5, 0, "provider"
    )


@pytest.mark.parametrize("value", ["7", 1.5, True, -1, MOST_TOKENS + 1, 10**30, float("nan")])
def test_what_cannot_be_is_as_if_nothing_was_said(value: Any) -> None:
    for name in ("input_tokens", "output_tokens", "total_tokens"):
        assert read(**{name: value}) is None, name
    assert read(value) is None
    assert read(input_token_details={"cache_read": value}) is None
    assert read(output_token_details={"reasoning": value}) is None


def test_a_prompt_of_no_tokens_was_not_counted() -> None:
    assert read(input_tokens=0, output_tokens=0, total_tokens=0) is None
