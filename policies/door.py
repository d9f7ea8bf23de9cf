"""What every strict JSON door shares: numbers as models want them, and complaints for people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from domain.numbers import plain
from domain.strict_json import Json

NO_NUMBER = frozenset({"is_instance_of", "decimal_type", "int_type"})
EXPECTED = {
    **dict.fromkeys(NO_NUMBER, "a JSON number"),
    "model_type": "a JSON object",
    "dict_type": "a JSON object",
    "tuple_type": "a JSON list",
    "string_type": "a JSON string",
    "bool_type": "true or false",
    "missing": "a value",
}
"""What was wanted, by pydantic's name of the complaint."""


def strict_values(value: Json) -> Any:
    """JSON as strict models want it: every number a Decimal, every list a tuple."""
    if isinstance(value, dict):
        return {key: strict_values(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(strict_values(item) for item in value)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def innermost(items: Sequence[Any]) -> list[Any]:
    """Without the complaints about a whole that only repeat those about its parts."""
    places = [item["loc"] for item in items]
    return [
        item
        for item in items
        if not any(
            len(p) > len(item["loc"]) and p[: len(item["loc"])] == item["loc"] for p in places
        )
    ]


def shown(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = plain(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}… ({len(text)} characters)"
