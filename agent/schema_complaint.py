"""What is wrong with an answer, said so that the model can mend it: path, value, expectation."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from domain.strict_json import canonical

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

MAX_FAULTS = 6
"""Faults told at once; the rest only counted."""

_VALUE_CHARACTERS = 80
_EXPECTED = {
    "is_instance_of": "a number, without quotes",
    "decimal_type": "a number, without quotes",
    "int_type": "a whole number, without quotes",
    "tuple_type": "a list",
    "model_type": "an object",
    "string_type": "a string",
    "string_unicode": "valid Unicode text",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
}
_NUMBER_FAULTS = {
    "is_instance_of",
    "decimal_type",
    "int_type",
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "finite_number",
}


def schema_complaint(model: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    """Code of the first fault, and all faults as one sentence.

    Args:
        model: What the answer had to be.
        error: What pydantic found.
    """
    faults = _innermost(error.errors(include_url=False))
    told = [_fault(model, fault) for fault in faults[:MAX_FAULTS]]
    if len(faults) > MAX_FAULTS:
        told.append(f"and {len(faults) - MAX_FAULTS} more")
    return _code(faults[0]["type"]), "; ".join(told)


def _innermost(faults: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the faults of a whole that only repeat those of its parts."""
    places = [fault["loc"] for fault in faults]
    return [
        fault
        for fault, place in zip(faults, places, strict=True)
        if not any(len(p) > len(place) and p[: len(place)] == place for p in places)
    ]


def _code(kind: str) -> str:
    if kind == "extra_forbidden":
        return "UNKNOWN_FIELD"
    return "NUMBER_INVALID" if kind in _NUMBER_FAULTS else "SCHEMA_INVALID"


def _fault(model: type[BaseModel], fault: ErrorDetails) -> str:
    path, kind = _path(fault["loc"]), fault["type"]
    if kind == "missing":
        return f"{path} is missing"
    if kind == "extra_forbidden":
        return f"there is no field {path!r}{_offer(model, fault['loc'])}"
    if kind == "value_error":  # it names the value and what was expected itself
        return f"{path}: {fault['ctx']['error']}" if fault["loc"] else str(fault["ctx"]["error"])
    bounds = fault.get("ctx", {})
    known = _EXPECTED.get(kind, "").format(**bounds)
    expected = known or fault["msg"].removeprefix("Input should be ")
    return f"{path} is {_value(fault['input'])}, was expected to be {expected}"


def _offer(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    if len(place) > 1:
        return ""
    near = get_close_matches(str(place[0])[:64], model.model_fields, n=1)
    return f", did you mean {near[0]!r}?" if near else f"; known: {', '.join(model.model_fields)}"


def _path(place: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:64]}" for part in place)
    return "".join(parts).removeprefix(".") or "the answer"


def _value(value: Any) -> str:
    """The value as JSON would write it: numbers bare, text in quotes, at most one line."""
    text = str(value) if isinstance(value, Decimal) else _ascii_json(value)
    if len(text) <= _VALUE_CHARACTERS:
        return text
    return f"{text[:_VALUE_CHARACTERS]}… ({len(text)} characters)"


def _ascii_json(value: Any) -> str:
    """Canonical JSON in which what cannot be printed is escaped."""
    return canonical(value).encode("ascii", "backslashreplace").decode()
