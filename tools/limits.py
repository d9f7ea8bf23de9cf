"""How much of each tool a model may have, and the count that enforces it.

The rate limit is our own because it must follow the session's clock: a library's limiter reads the
machine's, and then a replay, which runs a month of decisions in a second, would refuse calls that
the session it repeats was given.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.clock import Clock

_MINUTE = timedelta(minutes=1)


class _Limits(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ToolLimit(_Limits):
    """Limits of one tool."""

    allowed: bool = True
    """False hides the tool from the model and refuses calls to it."""
    per_minute_count: Annotated[int, Field(ge=1, le=10_000)] = 120
    """Calls within any minute of the session's clock, over all symbols."""
    max_latency_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Wall time after which a call is cancelled."""
    max_bytes: Annotated[int, Field(ge=256, le=262_144)] = 20_000
    """Largest answer the model is shown, in bytes of UTF-8."""
    cache_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long an answer is given again, on the session's clock; 0 never."""


class ToolLimits(_Limits):
    """Limits of the desk."""

    calls_per_decision_count: Annotated[int, Field(ge=0, le=100)] = 12
    """Calls of one decision over all turns; refused ones count too, or they would be free."""
    default: ToolLimit = ToolLimit()
    """Holds for every tool that has no entry of its own."""
    tools: dict[str, ToolLimit] = Field(default_factory=dict)
    """Entries by tool name; one takes the place of the default as a whole."""

    def of(self, name: str) -> ToolLimit:
        """The limits of one tool."""
        return self.tools.get(name, self.default)


class RateLimit:
    """A sliding window per tool over the last minute of the session's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def admit(self, name: str, per_minute_count: int) -> float | None:
        """Count one call; or, when the window is full, the seconds until the next is admitted.

        A refused call is not counted, so that asking again does not push the end of the wait away.
        """
        now, calls = self._clock.now(), self._calls[name]
        while calls and calls[0] <= now - _MINUTE:
            calls.popleft()
        if len(calls) >= per_minute_count:
            return (calls[0] + _MINUTE - now).total_seconds()
        calls.append(now)
        return None
