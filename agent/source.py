"""How a value is found by name in one source: a path through JSON, or candles of a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agent.tables import SIGNIFICANT_DIGITS
from domain.equation import Known, Place
from domain.numbers import ZERO, to_decimal
from domain.strict_json import JsonRefused, loads

LARGEST_RESULT_BYTES = 1_048_576

_EXTREME = re.compile(r"(high|low)_([0-9]{1,3})")
_SHOWN_NAMES = 12


class NoSuchValue(Exception):
    """A source or a value in it that is not there; the message says what is."""


@dataclass(frozen=True)
class Source:
    """One source: values by name, and columns of candles."""

    values: Any
    """As JSON: mappings, lists and numbers; a float was shown rounded, a `Decimal` was not, and of
    a `Known` it is said how far."""
    series: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Per column the values of candles, oldest first."""

    def find(self, place: Place) -> Known:
        """The value of a name.

        Raises:
            NoSuchValue: it is not there, or is no number.
        """
        if extreme := _EXTREME.fullmatch(place.path):
            return self._extreme(place, extreme[1], int(extreme[2]))
        direct = isinstance(self.values, dict) and place.path in self.values
        if place.path in self.series and (place.ago or not direct):
            return _known(self._newest(place, place.path, 1)[0], place)
        if place.ago:
            raise NoSuchValue(f"{place.source} has no candles of {place.path}")
        return _known(_walk(self.values, place), place)

    def _extreme(self, place: Place, column: str, count: int) -> Known:
        found = [_known(v, place) for v in self._newest(place, column, count)]
        pick = max if column == "high" else min
        return pick(found)

    def _newest(self, place: Place, column: str, count: int) -> Sequence[Any]:
        """`count` values of a column, the last one `place.ago` before the newest."""
        values = self.series.get(column, ())
        stop = len(values) - place.ago
        if not 0 < count <= stop:
            raise NoSuchValue(
                f"{place.source} shows {len(values)} candles of {column}, too few for {place.path}"
            )
        return values[stop - count : stop]


@lru_cache(maxsize=32)
def result_source(text: str) -> Source:
    """A tool's result as it was told.

    Raises:
        NoSuchValue: it was refused or cannot be read.
    """
    try:
        body = loads(text, max_bytes=LARGEST_RESULT_BYTES, max_digits=40)
    except JsonRefused as error:
        raise NoSuchValue(f"the result cannot be read ({error})") from error
    if not isinstance(body, dict) or "refused" in body:
        raise NoSuchValue("the call was refused, so it says nothing")
    return Source(body, _columns(body))


def _columns(body: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns of a table of candles; nothing of any other."""
    names, rows = body.get("columns"), body.get("rows")
    if not isinstance(names, list) or names[:1] != ["open_time"] or not isinstance(rows, list):
        return {}
    whole = [row for row in rows if isinstance(row, list) and len(row) == len(names)]
    return {str(name): [row[n] for row in whole] for n, name in enumerate(names)}


def _walk(node: Any, place: Place) -> Any:
    """What a dotted path leads to; of a table a row by its first cell, then a column."""
    for step in place.path.split("."):
        node = _step(node, step, place)
    if isinstance(node, dict):  # a table's row: its newest value
        node = next(iter(node.values()), None)
    return node


def _step(node: Any, step: str, place: Place) -> Any:
    if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
        return node[int(step)]
    if isinstance(node, dict):
        if step in node:
            return node[step]
        columns, rows = node.get("columns"), node.get("rows")
        if isinstance(columns, list) and isinstance(rows, list):
            for row in rows:
                if isinstance(row, list) and row and str(row[0]) == step:
                    return dict(zip(map(str, columns[1:]), row[1:], strict=False))
    raise NoSuchValue(f"{place.source} has no {place.path}; it has {_names(node)}")


def _names(node: Any) -> str:
    """What could have been asked of a node, cut short."""
    names: list[str] = []
    if isinstance(node, dict):
        names = [str(name) for name in node if name not in {"columns", "rows"}]
        rows = node.get("rows")
        names += [str(row[0]) for row in rows if row] if isinstance(rows, list) else []
    more = "" if len(names) <= _SHOWN_NAMES else " ..."
    return (", ".join(names[-_SHOWN_NAMES:]) + more) or "no names"


def _known(value: Any, place: Place) -> Known:
    if isinstance(value, Known):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        said = "nothing" if value is None else "no number"
        raise NoSuchValue(f"{place} says {said}")
    return (
        rounded(value, SIGNIFICANT_DIGITS) if isinstance(value, float) else Known(to_decimal(value))
    )


def rounded(value: float, digits: int) -> Known:
    """A value that was shown to so many significant digits."""
    number = to_decimal(value)
    return Known(number, Decimal(5).scaleb(number.adjusted() - digits) if number else ZERO)
