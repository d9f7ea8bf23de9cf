"""The machine's clock: the one place where real time comes in."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The real time, UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)
