"""What the tools of a session were asked and how they answered, from its trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from traces.events import ToolAnswered


@dataclass(frozen=True, slots=True)
class ToolStatistics:
    """One tool."""

    name: str
    calls_count: int
    answered_count: int
    partial_count: int
    cached_count: int
    """Answers for which nothing was asked."""
    refusals: dict[str, int]
    """By kind, the most frequent first."""
    latency_p50_ms: float | None
    """Of the calls that reached the tool; None where none did."""
    latency_p95_ms: float | None
    cost_units: int

    def document(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "tool": self.name,
            "calls_count": self.calls_count,
            "answered_count": self.answered_count,
            "partial_count": self.partial_count,
            "cached_count": self.cached_count,
            "refusals": self.refusals,
            "latency_p50_ms": self.latency_p50_ms,
            "latency_p95_ms": self.latency_p95_ms,
            "cost_units": self.cost_units,
        }


def statistics(events: Iterable[ToolAnswered]) -> list[ToolStatistics]:
    """Per tool, the most asked first."""
    by_name: dict[str, list[ToolAnswered]] = {}
    for event in events:
        by_name.setdefault(event.name, []).append(event)
    found = [_of(name, asked) for name, asked in by_name.items()]
    return sorted(found, key=lambda one: (-one.calls_count, one.name))


def _of(name: str, asked: list[ToolAnswered]) -> ToolStatistics:
    refusals = Counter(event.refusal for event in asked if event.refusal)
    reached = [event.latency_ms for event in asked if event.latency_ms > 0 and not event.cached]
    return ToolStatistics(
        name=name,
        calls_count=len(asked),
        answered_count=sum(event.refusal is None for event in asked),
        partial_count=sum(event.partial for event in asked),
        cached_count=sum(event.cached for event in asked),
        refusals=dict(refusals.most_common()),
        latency_p50_ms=_percentile(reached, 50),
        latency_p95_ms=_percentile(reached, 95),
        cost_units=sum(event.cost_units for event in asked),
    )


def _percentile(values: list[float], share: int) -> float | None:
    return round(float(np.percentile(values, share)), 1) if values else None
