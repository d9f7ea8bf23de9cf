"""A script from JSON text: strict; a complaint names place, value and what was expected."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from broker.simulate.script import Script
from domain.errors import ConfigError
from domain.strict_json import JsonRefused, loads
from policies.door import EXPECTED, innermost, shown, strict_values

MAX_SCRIPT_BYTES = 4_194_304
MAX_COMPLAINTS_COUNT = 5


def read_script(text: str, where: str) -> Script:
    """The script in a JSON text.

    Args:
        text: The file's content.
        where: The file, for messages.

    Raises:
        ConfigError: it is not a script; up to five complaints.
    """
    try:
        raw = loads(text, max_bytes=MAX_SCRIPT_BYTES)
        return Script.model_validate(strict_values(raw), strict=True)
    except JsonRefused as error:
        raise ConfigError(f"script {where!r} is refused: {error}") from None
    except ValidationError as error:
        found = [_complaint(item) for item in innermost(error.errors())]
        more = len(found) - MAX_COMPLAINTS_COUNT
        told = [*found[:MAX_COMPLAINTS_COUNT], *([f"and {more} more"] if more > 0 else [])]
        raise ConfigError(f"script {where!r} is refused: {'; '.join(told)}") from None


def script_schema() -> dict[str, Any]:
    """JSON Schema of a script file; the descriptions are the model's own docstrings."""
    return Script.model_json_schema()


def _complaint(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"]) or "script"
    kind = item["type"]
    if kind == "extra_forbidden":
        return f"unknown field {path} with the value {shown(item['input'])}"
    if kind == "value_error":
        return f"{path}: {item['ctx']['error']}"
    given = "is missing" if kind == "missing" else f"is {shown(item['input'])}"
    return f"{path} {given}; expected: {EXPECTED.get(kind, item['msg'])}"
