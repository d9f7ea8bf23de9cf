"""The smallest document that still shows a complaint, for people to read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.fuzz.holding import hold
from tests.fuzz.hostile import leaves, put
from tests.fuzz.writing import to_text


def smallest(text: str) -> str:
    """`text` with everything left out or rounded that its first complaint does not need.

    A text that is not JSON is returned as it is.
    """
    kind = _kind(text)
    try:
        document = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    shrinking = True
    while shrinking:
        shrinking = False
        for smaller in _smaller(document):
            written = to_text(smaller)
            if len(written) < len(to_text(document)) and _kind(written) == kind:
                document, shrinking = smaller, True
                break
    return to_text(document)


def _kind(text: str) -> str | None:
    """The words of the first complaint, without its numbers."""
    complaints = hold(text).complaints
    return complaints[0].partition(":")[0] if complaints else None


def _smaller(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document less one key or list item, or with one number rounded."""
    out = []
    for path in sorted(
        {leaf[: n + 1] for leaf in leaves(document) for n in range(len(leaf))}, key=len
    ):
        less = _copy(document)
        parent = _at(less, path[:-1])
        del parent[path[-1]]
        out.append(less)
    for path in leaves(document):
        value = _at(document, path)
        if isinstance(value, Decimal):
            for digits in (1, 3):
                rounded = _copy(document)
                put(rounded, path, Decimal(f"{value:.{digits}g}"))
                out.append(rounded)
    return out


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document
