"""The most that one call of a model may take, known before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage

from agent.models import NamedModel
from agent.prices import worst_of
from agent.tokens import count_prompt, count_text, most_tokens
from domain.spending import Claim


def claim_for(
    named: NamedModel,
    messages: Sequence[BaseMessage],
    schemas: Sequence[Mapping[str, Any]],
    longest_answer_tokens: int,
    picture_tokens: int = 0,
) -> Claim:
    """What to set aside for a question.

    Where the model's own tokenizer is here, its tokens are the prompt's; elsewhere every byte is
    taken for a token, which no tokenizer exceeds.

    Args:
        named: The model.
        messages: The prompt.
        schemas: Of the tools that go with it.
        longest_answer_tokens: Of a model whose longest answer nobody named.
        picture_tokens: What goes with the prompt and is no text.
    """
    spec, counted = named.spec, count_prompt(messages, schemas, named.provider_name)
    in_steps = spec is not None and spec.tool_calling == "steps"
    exact = counted.source == "tiktoken" and not in_steps
    # In steps the tools are told twice: in words, and as the schema of the answer.
    most = counted.tokens if exact else most_tokens(messages, schemas, 2 if in_steps else 1)
    most += picture_tokens
    answer = (spec.max_output_tokens if spec else None) or longest_answer_tokens
    return Claim(
        named.name,
        counted.tokens + picture_tokens,
        answer,
        worst_of(named.price, most, answer),
        _tool_tokens(messages, named.provider_name),
    )


def _tool_tokens(messages: Sequence[BaseMessage], model: str) -> dict[str, int]:
    """Tokens of what tools answered, by tool."""
    found: Counter[str] = Counter()
    for message in messages:
        if isinstance(message, ToolMessage):
            found[message.name or "?"] += count_text(message.text, model)
    return dict(found)
