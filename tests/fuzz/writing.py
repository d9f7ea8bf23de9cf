"""A document as JSON text, with every form of number and string that JSON allows."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any


class Raw(str):
    """Text that stands in the file as it is, valid or not."""


def to_text(value: Any, rng: Random | None = None) -> str:
    """The JSON text of a document; with `rng`, exponents and escapes stand here and there."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Decimal):
        return _number(value, rng)
    if isinstance(value, dict):
        rows = (f"{json.dumps(k)}:{to_text(v, rng)}" for k, v in value.items())
        return "{" + ",".join(rows) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(to_text(item, rng) for item in value) + "]"
    return json.dumps(value, ensure_ascii=rng is None or rng.random() < 0.5)


def _number(value: Decimal, rng: Random | None) -> str:
    if rng is None or rng.random() < 0.97:
        return format(value, "f")
    digits = "".join(map(str, value.as_tuple().digits))
    sign = "-" if value.is_signed() else ""
    return f"{sign}{digits}{rng.choice('eE')}{value.as_tuple().exponent:+d}"
