"""The places in which two JSON values or two texts differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from itertools import zip_longest
from typing import Any

Row = dict[str, Any]
"""`where`, `a` and `b`; of texts also `lines`, a unified diff, or `numbers`, the pairs that differ
where nothing but numbers does."""

LONG_LIST = 32
"""A list longer than this is compared as a whole: candles of another hour differ in every row."""
_NUMBER = re.compile(r"[-+]?\d[\d,_]*(?:\.\d+)?(?:[eE][-+]?\d+)?")


def by_name(
    name: Callable[[Any], str], a: Iterable[Any], b: Iterable[Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of the same name, in the order of the first; the n-th of a name goes with the n-th."""
    named: list[dict[str, Any]] = []
    for items in (a, b):
        counts: dict[str, int] = {}
        keyed: dict[str, Any] = {}
        for item in items:
            key = name(item)
            counts[key] = counts.get(key, 0) + 1
            keyed[key if counts[key] == 1 else f"{key} ({counts[key]})"] = item
        named.append(keyed)
    for key in dict.fromkeys([*named[0], *named[1]]):
        yield key, named[0].get(key), named[1].get(key)


def rows_of(where: str, a: Any, b: Any) -> Iterator[Row]:
    """The places in two JSON values that differ, as paths."""
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for name in dict.fromkeys([*a, *b]):
            yield from rows_of(f"{where}.{name}".lstrip("."), a.get(name), b.get(name))
    elif _is_short(a) and _is_short(b):
        for place, pair in enumerate(zip_longest(a, b), 1):
            yield from rows_of(f"{where}[{place}]", *pair)
    else:
        yield {"where": where, "a": a, "b": b}


def _is_short(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) <= LONG_LIST


def text_row(where: str, a: str, b: str) -> list[Row]:
    """How a text differs: by line, or in its numbers alone."""
    if a == b:
        return []
    row: Row = {"where": where, "a": None, "b": None}
    if _NUMBER.sub("0", a) == _NUMBER.sub("0", b):
        pairs = zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True)
        return [row | {"numbers": [list(pair) for pair in pairs if pair[0] != pair[1]]}]
    lines = unified_diff(a.splitlines(), b.splitlines(), "a", "b", lineterm="", n=1)
    return [row | {"lines": list(lines)[2:]}]


def json_of(text: str) -> Any:
    """The value of a JSON text; what is none stays as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
