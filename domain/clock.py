"""Time as an argument: a `Clock` is passed in, and every datetime is aware and UTC.

Nothing in `domain` or `policies` reads the machine's clock; the system's clock lives in `app`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells what time it is for the decisions: the real time, or a replay's."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...

    def jump_s(self) -> float:
        """Largest recent step of the wall clock against a monotonic one, in seconds, without sign.

        What a set clock or a suspended machine leaves behind: for a while after it, the age of
        data and orders cannot be trusted.
        """
        ...


class FixedClock:
    """A clock that stands still until it is moved, and never moves back."""

    def __init__(self, start: datetime) -> None:
        self._now = require_utc(start)

    def now(self) -> datetime:
        """The moment the clock stands at."""
        return self._now

    def jump_s(self) -> float:
        """0: nothing but `advance_to` moves it."""
        return 0.0

    def advance_to(self, at: datetime) -> None:
        """Move to `at`; an earlier moment is ignored, since time does not run backwards."""
        self._now = max(self._now, require_utc(at))


def require_utc(at: datetime) -> datetime:
    """`at` in UTC.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"datetime {at!r} has no time zone, was expected to be UTC-aware")
    return at.astimezone(UTC)


def from_ms(milliseconds: int) -> datetime:
    """The moment that lies this many milliseconds after 1970, UTC."""
    return EPOCH + timedelta(milliseconds=int(milliseconds))


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (require_utc(at) - EPOCH) // timedelta(milliseconds=1)


def iso(at: datetime) -> str:
    """`2019-05-12T14:00:00Z`; fractions of a second only where there are any."""
    return require_utc(at).isoformat().replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """A date (`2023-02-01`) or moment (`2023-02-01T12:00:00Z`); without a zone it is UTC.

    Raises:
        ValueError: the text is no ISO 8601 date or moment.
    """
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
