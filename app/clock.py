"""The machine's clock: the one place where real time comes in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

SMALLEST_STEP_S = 0.1
"""Less is the scheduler between two readings, or a clock that is being disciplined gently."""
REPORTED_S = 60.0
"""How long a step is told, by the monotonic clock."""


def _machine() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The real time, UTC; watched for steps whenever it is read.

    Between two readings wall and monotonic time pass alike, unless somebody set the clock or the
    machine slept.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = _machine,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._seen = (wall(), monotonic())
        self._steps: deque[tuple[float, float]] = deque()
        """Monotonic moment and size of each recent step, oldest first, in seconds."""

    def now(self) -> datetime:
        """The present moment."""
        return self._read()[0]

    def jump_s(self) -> float:
        """The largest step seen in the last minute, in seconds and without sign; 0 where none was.

        A step is seen at the reading after it, and its minute begins there.
        """
        _, at_s = self._read()
        while self._steps and at_s - self._steps[0][0] >= REPORTED_S:
            self._steps.popleft()
        return max((size for _, size in self._steps), default=0.0)

    def _read(self) -> tuple[datetime, float]:
        before, self._seen = self._seen, (self._wall(), self._monotonic())
        at, at_s = self._seen
        step = abs((at - before[0]).total_seconds() - (at_s - before[1]))
        if step > SMALLEST_STEP_S:
            self._steps.append((at_s, step))
        return self._seen
