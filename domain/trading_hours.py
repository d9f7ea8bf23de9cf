"""When a venue trades: sessions that it has announced, and its usual hours around them.

A market without hours trades around the clock. Hours are public before they come, so that knowing
them is no look at the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of trading, UTC."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class TradingHours:
    """Regular trading hours of one instrument."""

    zone: str
    """Where the venue's clock stands, such as `US/Eastern`."""
    usual_open: time
    """Of a usual day, by that clock; Saturday and Sunday are none."""
    usual_close: time
    announced: tuple[Session, ...]
    """Sessions of the days that the venue has told of."""
    told_from: datetime
    """The first moment of those days, UTC."""
    told_until: datetime
    """The moment after the last of them, UTC; before and after it the usual hours are assumed."""

    def is_open(self, at: datetime) -> bool:
        """Whether there is trading at this moment.

        Outside the days that were told of a holiday cannot be known; then there are no candles
        either, and what rests on old ones is denied for that.
        """
        if self.told_from <= at < self.told_until:
            return any(one.opens_at <= at < one.closes_at for one in self.announced)
        there = at.astimezone(ZoneInfo(self.zone))
        return any(one.opens_at <= at < one.closes_at for one in self.usual(there.date()))

    def day_of(self, at: datetime) -> date:
        """The venue's day."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def is_told(self, day: date) -> bool:
        """Whether the venue has said what it does on that day."""
        return self.told_from <= self.at(day, time(0)) < self.told_until

    def sessions(self, day: date) -> tuple[Session, ...]:
        """Those that begin on a day of the venue: as told, else the usual one."""
        if self.is_told(day):
            return tuple(one for one in self.announced if self.day_of(one.opens_at) == day)
        return self.usual(day)

    def at(self, day: date, clock: time) -> datetime:
        """A moment of the venue's day, by its clock; UTC."""
        return datetime.combine(day, clock, ZoneInfo(self.zone)).astimezone(UTC)

    def one_day(self, earlier: datetime, later: datetime) -> bool:
        """Whether both moments lie on one day of the venue: between days nothing is missing."""
        return self.day_of(earlier) == self.day_of(later)

    def usual(self, day: date) -> tuple[Session, ...]:
        """What a day would be that the venue has not told of."""
        if day.weekday() >= SATURDAY or self.usual_open >= self.usual_close:
            return ()
        return (Session(self.at(day, self.usual_open), self.at(day, self.usual_close)),)
