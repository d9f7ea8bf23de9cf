"""Tools in words, for models that are told of them in the prompt: two thirds of what JSON takes.

What form an answer must have is the schema's to say (`agent.steps_model`); this says what is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def tool_guide(tools: Sequence[Mapping[str, Any]]) -> str:
    """Each tool with its arguments, `?` behind what may be left out, and what they mean.

    What an argument means is said once, where several tools have the same.
    """
    told: set[tuple[str, str]] = set()
    return "\n".join(line for tool in tools for line in _lines(tool["function"], told))


def _lines(function: Mapping[str, Any], told: set[tuple[str, str]]) -> Iterator[str]:
    said = _plain(function)
    yield f"{function['name']}({_arguments(function['parameters'])}) {said}".rstrip()
    for name, schema in function["parameters"].get("properties", {}).items():
        meaning = (name, _plain(schema))
        if meaning[1] and meaning not in told:
            told.add(meaning)
            yield f"  {name}: {meaning[1]}"


def _plain(schema: Mapping[str, Any]) -> str:
    return " ".join(schema.get("description", "").split())


def _arguments(schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", [])
    return ", ".join(
        f"{name}{'' if name in needed else '?'}: {_kind(value)}"
        for name, value in schema.get("properties", {}).items()
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, as a person would write it."""
    if "enum" in schema:
        return "|".join(str(one) for one in schema["enum"] if one is not None)
    if "anyOf" in schema:
        choices = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return "|".join(_kind(one) for one in choices)
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"[{_kind(schema.get('items', {}))}, up to {schema.get('maxItems', 'any')}]"
    if kind == "object" and "properties" in schema:
        return f"{{{_arguments(schema)}}}"
    return kind + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" {schema['minimum']} to {schema['maximum']}"
    return " > 0" if schema.get("exclusiveMinimum") == 0 else ""
