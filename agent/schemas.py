"""Tool schemas as they are sent: what says nothing to a model costs no tokens."""

from __future__ import annotations

from typing import Any

_SAID_ANYWAY = (("minLength", 1), ("minItems", 1), ("minimum", 0), ("minimum", 1))


def compact(schema: Any) -> Any:
    """The schema without what leaving an argument out says already.

    An argument that may be null, and is null where it is left out, need not be offered null: the
    model leaves it out. A list that is empty where it is left out needs no default; that a text is
    not empty and a count not negative goes without saying. What a tool accepts does not change.
    """
    if isinstance(schema, list):
        return [compact(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: compact(value) for key, value in schema.items() if (key, value) not in _SAID_ANYWAY
    }
    if tidy.get("default") == [] and tidy.get("type") == "array":
        del tidy["default"]
    if "default" not in tidy or tidy["default"] is not None or "anyOf" not in tidy:
        return tidy
    choices = [choice for choice in tidy["anyOf"] if choice != {"type": "null"}]
    if len(choices) != 1:
        return tidy
    kept = {key: value for key, value in tidy.items() if key not in {"anyOf", "default"}}
    return {**choices[0], **kept}
