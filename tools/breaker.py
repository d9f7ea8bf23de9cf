"""A tool that keeps failing is left alone for a while, then tried by one call.

Closed, resting, half open: as every circuit breaker, on the session's clock. What a server asks for
is waited by the machine's as well: a replay's month takes a second, and the server's hour does not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import Clock

LONGEST_REST_S = 86_400.0
"""However long a server asks to be left alone."""


@dataclass(slots=True)
class _Circuit:
    failures_count: int = 0
    rests_until: datetime | None = None
    """None while it is closed."""
    asked_until_s: float = 0.0
    """Until when its server asked to be left alone, by the machine's monotonic clock."""
    probing: bool = False
    """One call is out to see whether it works again."""


class Breaker:
    """One circuit for each tool at each source."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def rests_s(self, key: str) -> float | None:
        """Seconds until it may be tried, 0 while it is being tried; None when it may be asked."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.rests_until is None:
            return None
        left_s = max(
            (circuit.rests_until - self._clock.now()).total_seconds(),
            circuit.asked_until_s - time.monotonic(),
        )
        if left_s > 0:
            return left_s
        return 0.0 if circuit.probing else None

    def asked(self, key: str) -> None:
        """A call goes out; behind a rest it is the one that tries."""
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.probing = circuit.rests_until is not None

    def worked(self, key: str) -> None:
        """The tool answered: whatever was before is forgotten."""
        self._circuits.pop(key, None)

    def left(self, key: str) -> None:
        """The call was taken back before it came to anything."""
        if circuit := self._circuits.get(key):
            circuit.probing = False

    def failed(
        self, key: str, max_failures_count: int, rest_s: float, asked_s: float | None = None
    ) -> None:
        """The tool failed: it rests after so many failures, or one that was to see if it works.

        Args:
            key: The tool at its source.
            max_failures_count: Failures in a row that it may have.
            rest_s: How long it rests.
            asked_s: How long its server asks to be left alone; it rests then in any case.
        """
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.failures_count += 1
        if circuit.probing or asked_s or circuit.failures_count >= max_failures_count:
            asked_s = min(asked_s or 0.0, LONGEST_REST_S)
            circuit.rests_until = self._clock.now() + timedelta(seconds=max(rest_s, asked_s))
            circuit.asked_until_s = time.monotonic() + asked_s if asked_s else 0.0
        circuit.probing = False
