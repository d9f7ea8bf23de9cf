"""How many tokens the schemas of tools take, as OpenAI writes them into a prompt.

The frame around names, types, descriptions and enumerations is the one that OpenAI's cookbook gives
("How to count tokens with tiktoken", section 7, checked there against what the API bills). It says
nothing of bounds, defaults and what lies deeper: objects within are counted in the same frame, and
every other keyword as its JSON text, which is rather too much than too little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.strict_json import canonical

Count = Callable[[str], int]

_AROUND_FUNCTION = {"o200k_base": 7, "cl100k_base": 10}
_AROUND_PROPERTIES = 3
_PER_PROPERTY = 3
_AROUND_ENUM = -3
_PER_CHOICE = 3
_AT_END = 12
_FRAMED = frozenset({"type", "description", "enum", "properties", "items", "required", "title"})


def tool_tokens(tools: Sequence[Mapping[str, Any]], encoding: str, count: Count) -> int:
    """Tokens of tools in OpenAI's form.

    Args:
        tools: As they are sent.
        encoding: Name of the model's tokenizer.
        count: Tokens of a text under it.
    """
    if not tools:
        return 0
    around = _AROUND_FUNCTION[encoding]
    return _AT_END + sum(around + _function(tool["function"], count) for tool in tools)


def _function(function: Mapping[str, Any], count: Count) -> int:
    parameters = function.get("parameters") or {}
    elsewhere = parameters.get("$defs")
    return (
        count(f"{function['name']}:{_sentence(function)}")
        + _properties(parameters, count)
        + (count(canonical(elsewhere)) if elsewhere else 0)
    )


def _properties(schema: Mapping[str, Any], count: Count) -> int:
    named = schema.get("properties") or {}
    if not named:
        return 0
    each = (_PER_PROPERTY + _property(name, one, count) for name, one in named.items())
    return _AROUND_PROPERTIES + sum(each)


def _property(name: str, schema: Any, count: Count) -> int:
    if not isinstance(schema, Mapping):  # `true` is a schema too
        return count(f"{name}:{canonical(schema)}")
    return count(f"{name}:{schema.get('type', '')}:{_sentence(schema)}") + _within(schema, count)


def _within(schema: Mapping[str, Any], count: Count) -> int:
    total = _properties(schema, count)
    if choices := schema.get("enum"):
        total += _AROUND_ENUM + sum(_PER_CHOICE + count(str(choice)) for choice in choices)
    items = schema.get("items")
    if isinstance(items, Mapping):
        total += count(f"{items.get('type', '')}:{_sentence(items)}") + _within(items, count)
    rest = {key: value for key, value in schema.items() if key not in _FRAMED}
    return total + (count(canonical(rest)) if rest else 0)


def _sentence(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "")).removesuffix(".")
