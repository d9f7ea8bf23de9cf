"""When a venue trades: what it has told, and what is usual around that."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from domain.trading_hours import Session, TradingHours

MONDAY = date(2024, 2, 5)
DAY = timedelta(days=1)


def eastern(day: int, clock: float) -> datetime:
    """A moment of that day of February 2024, by the clock of New York."""
    return datetime(2024, 2, day, 5, tzinfo=UTC) + timedelta(hours=clock)


HOURS = TradingHours(
    zone="US/Eastern",
    usual_open=time(9, 30),
    usual_close=time(16),
    announced=(
        Session(eastern(7, 9.5), eastern(7, 16)),
        Session(eastern(8, 9.5), eastern(8, 13)),
        Session(eastern(12, 9.5), eastern(12, 16)),
    ),
    told_from=eastern(7, 0),
    told_until=eastern(13, 0),
)
"""Told from Wednesday to Monday: half of Thursday, no Friday."""
NEVER = TradingHours("UTC", time(0), time(0), (), eastern(7, 0), eastern(8, 0))


def test_told_days_are_as_told_and_others_as_usual():
    lengths = [
        [one.closes_at - one.opens_at for one in HOURS.sessions(MONDAY + n * DAY)]
        for n in range(10)
    ]
    whole, half = [timedelta(hours=6.5)], [timedelta(hours=3.5)]
    assert lengths == [whole, whole, whole, half, [], [], [], whole, whole, whole]
    assert [HOURS.is_told(MONDAY + n * DAY) for n in range(9)] == [False] * 2 + [True] * 6 + [False]
    assert [len(HOURS.usual(MONDAY + n * DAY)) for n in range(7)] == [1] * 5 + [0] * 2
    assert NEVER.usual(MONDAY) == ()


def test_it_is_open_within_its_sessions():
    for day in range(5, 15):
        sessions = HOURS.sessions(date(2024, 2, day))
        for half_hours in range(48):
            at = eastern(day, half_hours / 2)
            expected = any(one.opens_at <= at < one.closes_at for one in sessions)
            assert HOURS.is_open(at) == expected, at
    assert not any(NEVER.is_open(eastern(day, 10)) for day in range(5, 15))


def test_a_day_is_the_venues_own():
    late = eastern(7, 23.5)
    assert late.date() == date(2024, 2, 8)
    assert HOURS.day_of(late) == date(2024, 2, 7)
    assert HOURS.one_day(eastern(7, 0), late)
    assert not HOURS.one_day(late, late + timedelta(hours=1))
    assert HOURS.at(date(2024, 7, 1), time(9, 30)) == datetime(2024, 7, 1, 13, 30, tzinfo=UTC)
