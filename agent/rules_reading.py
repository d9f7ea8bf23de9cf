"""What the rules planner reads out of the messages it is given, and nothing else.

It knows the situation's own lines, the tables of the tool catalogue and the JSON line of a
critique. Whatever is missing, refused or odd reads as absent; nothing here raises.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

_INSTRUMENT = re.compile(r"^Instrument: \S+ \((spot|perpetual)\)$", re.MULTILINE)
_POSITION = re.compile(r"^Open position: (long|short) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle as floats."""

    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules decide on."""

    perpetual: bool
    held: str | None
    """`long`, `short`, or None when flat."""
    candles: tuple[Candle, ...]
    """Oldest first; empty when absent."""
    indicators: dict[str, tuple[float | None, ...]]
    """Name to values now, 1 and 5 bars ago."""
    regime: dict[str, Any] | None
    evidence: tuple[str, ...]
    """Ids of the results that were read."""
    refused: dict[str, str] = field(default_factory=dict)
    """Tool name to the code it was refused with."""

    def now(self, name: str) -> float | None:
        """An indicator at the newest closed candle."""
        return self.indicators.get(name, (None,))[0]


@dataclass(frozen=True, slots=True)
class Denial:
    """The gate's answer to the last proposal."""

    proposal: dict[str, Any]
    """Arguments as they were proposed."""
    limits: dict[str, str]
    """Failed code to its limit, such as `>= 1.5`."""
    bracket: dict[str, Any] | None
    result_id: str
    """What a plan's numbers call it, such as `gate#1`."""


def read_facts(messages: Sequence[BaseMessage]) -> Facts:
    """Situation and tool results as the rules need them."""
    situation = next((m.text for m in messages if isinstance(m, HumanMessage)), "")
    kind, held = _INSTRUMENT.search(situation), _POSITION.search(situation)
    results, refused = _results(messages)
    return Facts(
        perpetual=kind is not None and kind[1] == "perpetual",
        held=held[1] if held else None,
        candles=_candles(results.get("ohlcv", {})),
        indicators=_indicators(results.get("indicators", {})),
        regime=results.get("regime"),
        evidence=tuple(str(r["id"]) for r in results.values() if isinstance(r.get("id"), str)),
        refused=refused,
    )


def read_denial(messages: Sequence[BaseMessage]) -> Denial | None:
    """What came back for the last `propose_plan`; None when it cannot be read."""
    proposal = next(
        (
            call["args"]
            for message in reversed(messages)
            if isinstance(message, AIMessage)
            for call in message.tool_calls
            if call["name"] == "propose_plan"
        ),
        None,
    )
    facts = _object(messages[-1].text.rpartition("\n")[2]) if messages else {}
    denied = facts.get("denied")
    if proposal is None or not isinstance(denied, list) or not denied:
        return None
    limits = {str(d.get("code")): str(d.get("limit")) for d in denied if isinstance(d, dict)}
    bracket = facts.get("bracket")
    judged = bracket if isinstance(bracket, dict) else None
    return Denial(proposal, limits, judged, str(facts.get("id")))


def was_answered(messages: Sequence[BaseMessage]) -> bool:
    """True when the newest message replies to an answer of ours, not to a question for data."""
    last = messages[-1] if messages else None
    return isinstance(last, ToolMessage) and last.name in {
        "propose_plan",
        "propose_exit",
        "no_trade",
    }


def number(value: Any) -> float | None:
    """A finite number from JSON, bare or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _results(messages: Sequence[BaseMessage]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    results: dict[str, dict[str, Any]] = {}
    refused: dict[str, str] = {}
    for message in messages:
        if isinstance(message, ToolMessage) and message.name:
            body = _object(message.text)
            if "refused" in body:
                refused[message.name] = str(body["refused"])
            elif body:
                results[message.name] = body
    return results, refused


def _candles(body: dict[str, Any]) -> tuple[Candle, ...]:
    rows = _rows(body)
    out = []
    for row in rows:
        values = [number(row.get(name)) for name in ("high", "low", "close", "volume")]
        if any(value is None for value in values):
            return ()
        out.append(Candle(*(value for value in values if value is not None)))
    return tuple(out)


def _indicators(body: dict[str, Any]) -> dict[str, tuple[float | None, ...]]:
    ages = ("now", "1_bar_ago", "5_bars_ago")
    return {
        str(row.get("indicator")): tuple(number(row.get(age)) for age in ages)
        for row in _rows(body)
    }


def _rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    """A compact table as one dict per row; a row of another length is dropped."""
    columns, rows = body.get("columns"), body.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return []
    whole = [row for row in rows if isinstance(row, list) and len(row) == len(columns)]
    return [dict(zip(map(str, columns), row, strict=True)) for row in whole]


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
