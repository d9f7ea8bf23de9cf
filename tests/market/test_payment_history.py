"""Funding of an exchange: when it is asked, and what is known while it does not answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.clock import parse_moment, to_ms
from domain.errors import Unreachable
from market.sources.exchange_funding import PaymentHistory

NOON = parse_moment("2026-03-01T12:00:00Z")
M = timedelta(minutes=1)
H = timedelta(hours=1)


class Venue:
    """Pays every four hours; shows a payment some seconds after it was made."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.asked = 0
        self.answers = True
        self.book = PaymentHistory(self.page, lambda: self.now)

    async def page(self, since_ms: int) -> list[Any]:
        self.asked += 1
        if not self.answers:
            raise Unreachable("left alone", retry_after_s=3600)
        shown = to_ms(self.now - timedelta(seconds=30))
        first, every = -(-since_ms // to_ms(parse_moment("1970-01-01T04:00:00Z"))), 4 * 3_600_000
        stamps = range(first * every, shown + 1, every)
        return [{"timestamp": stamp, "fundingRate": 0.0001} for stamp in stamps]

    async def paid(self, after: datetime, until: datetime) -> list[datetime]:
        return [stamp.at for stamp in await self.book.between(after, until)]


async def test_between_full_hours_nothing_is_asked() -> None:
    venue = Venue(NOON + 30 * M)
    assert await venue.paid(NOON + 10 * M, NOON + 29 * M) == []
    assert venue.asked == 0
    assert await venue.paid(NOON - M, NOON + 29 * M) == [NOON]
    assert venue.asked == 1
    venue.now = NOON + 2 * H
    assert await venue.paid(NOON + 29 * M, NOON + 61 * M) == []
    assert venue.asked == 2


async def test_a_payment_that_is_shown_late_is_still_asked_for() -> None:
    venue = Venue(NOON + timedelta(seconds=10))
    assert await venue.paid(NOON - 5 * M, NOON - M) == []
    assert await venue.paid(NOON - M, NOON) == []
    venue.now = NOON + timedelta(seconds=70)
    assert await venue.paid(NOON - M, NOON + M) == [NOON]


async def test_before_the_next_payment_that_was_told_there_is_none() -> None:
    venue = Venue(NOON + 30 * M)
    await venue.book.covering(to_ms(NOON - H), to_ms(venue.now))
    venue.book.tell_next(to_ms(NOON + 4 * H))
    venue.now, venue.answers = NOON + 2 * H, False
    assert await venue.paid(NOON + 29 * M, NOON + 2 * H) == []
    venue.book.tell_next(to_ms(NOON + 4 * H))
    assert await venue.paid(NOON + 29 * M, NOON + 2 * H) == [], "it was told before already"
    venue.now = NOON + 5 * H
    with pytest.raises(Unreachable, match="left alone"):
        await venue.paid(NOON + 2 * H, NOON + 4 * H)


async def test_what_was_told_says_nothing_of_the_time_before() -> None:
    venue = Venue(NOON + 90 * M)
    venue.book.tell_next(to_ms(NOON + 4 * H))
    venue.answers = False
    with pytest.raises(Unreachable):
        await venue.paid(NOON + 30 * M, NOON + 80 * M)
    assert await venue.paid(NOON + 70 * M, NOON + 80 * M) == []


async def test_a_question_that_failed_is_asked_again() -> None:
    venue = Venue(NOON + 30 * M)
    venue.answers = False
    with pytest.raises(Unreachable):
        await venue.book.covering(to_ms(NOON - H), to_ms(venue.now))
    venue.answers = True
    assert await venue.paid(NOON - M, NOON + 10 * M) == [NOON]
