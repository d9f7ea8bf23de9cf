"""JSON as we accept it from a model, a file or a tool: bounded, unambiguous, exact.

The standard parser takes NaN, lets the last of two equal keys win and rounds numbers to float; each
of these has moved money somewhere. Here a byte cap comes first, duplicate keys and NaN are refused,
numbers become `Decimal` (integers stay `int`) with at most 18 significant digits, and depth is
bounded. What is refused carries the gate's code for it.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any, Literal, TypeAlias

MAX_BYTES = 65_536
MAX_DIGITS = 18
MAX_MAGNITUDE = 12
"""Numbers stay below 10 to this power, and small ones above 10 to minus twice this power."""
MAX_DEPTH = 16

Json: TypeAlias = "bool | int | str | Decimal | list[Json] | dict[str, Json] | None"

Complaint = Literal["SCHEMA_INVALID", "NUMBER_INVALID", "DUPLICATE_KEY"]


# Made once: half the time of a short text would go into making it.
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
).encode


class JsonRefused(ValueError):
    """The text is not JSON as we accept it; `code` says which control refused it."""

    def __init__(self, code: Complaint, message: str) -> None:
        self.code: Complaint = code
        super().__init__(message)


def loads(text: str, *, max_bytes: int = MAX_BYTES, max_digits: int = MAX_DIGITS) -> Json:
    """Parse `text` strictly.

    Raises:
        JsonRefused: too long, not JSON, a key twice, NaN or infinity, or a number out of bounds.
    """
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise JsonRefused("SCHEMA_INVALID", f"text is not valid Unicode: {error.reason}") from None
    if size > max_bytes:
        raise JsonRefused("SCHEMA_INVALID", f"text is {size} bytes, at most {max_bytes} are read")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=lambda number: _bounded(number, max_digits),
            parse_int=lambda number: int(_bounded(number, max_digits)),
        )
    except RecursionError:
        raise JsonRefused("SCHEMA_INVALID", "JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise JsonRefused(
            "SCHEMA_INVALID", f"not JSON: {error.msg} at character {error.pos}"
        ) from None
    _check_depth(value, MAX_DEPTH)
    return value  # type: ignore[no-any-return]  # json.loads is untyped


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, `Decimal` as plain text."""
    return _CANONICAL(value)


def exact(value: Json, indent: int = 0) -> str:
    """JSON text in which a `Decimal` is a number, digit for digit; two spaces a level."""
    inner, outer = "\n" + "  " * (indent + 1), "\n" + "  " * indent
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(k)}: {exact(v, indent + 1)}" for k, v in value.items()]
        return f"{{{inner}{f',{inner}'.join(rows)}{outer}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"[{inner}{f',{inner}'.join(exact(v, indent + 1) for v in value)}{outer}]"
    if isinstance(value, list):
        return f"[{', '.join(exact(item, indent) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def content_hash(value: Any) -> str:
    """BLAKE2b-128 of the canonical text, as 32 hex digits: the name of a piece of content."""
    text = value if isinstance(value, str) else canonical(value)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    out: dict[str, Json] = {}
    for key, value in pairs:
        if key in out:
            raise JsonRefused("DUPLICATE_KEY", f"key {key!r} stands twice in one object")
        out[key] = value
    return out


def _no_constant(name: str) -> Json:
    raise JsonRefused("NUMBER_INVALID", f"{name} is not a number we accept")


def _bounded(text: str, max_digits: int) -> Decimal:
    if len(text) > 64:
        raise JsonRefused(
            "NUMBER_INVALID", f"number has {len(text)} characters, at most 64 are read"
        )
    number = Decimal(text)
    if number and not -2 * MAX_MAGNITUDE <= number.adjusted() < MAX_MAGNITUDE:
        raise JsonRefused(
            "NUMBER_INVALID", f"number {text} is out of bounds, |x| < 1e{MAX_MAGNITUDE}"
        )
    if len(number.as_tuple().digits) > max_digits:
        raise JsonRefused(
            "NUMBER_INVALID", f"number {text} has more than {max_digits} significant digits"
        )
    return number


def _check_depth(value: Json, left: int) -> None:
    if left < 0:
        raise JsonRefused("SCHEMA_INVALID", f"JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for item in value.values():
            _check_depth(item, left - 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, left - 1)
