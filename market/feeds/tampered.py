"""Recorded feeds in which nothing after the moment asked about is as it was.

Beside `market.sources.tampered`: asked as of some moment, a feed answers from a record that ends
there, or whose rest is garbage, and must answer what the whole record gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

from domain.snapshot import Origin
from market.feeds.daily import DailyFiles
from market.feeds.protocol import Feeds, NewsItem, Observation, Reading, Sighted
from market.feeds.recorded import RecordedFeed
from market.sources.tampered import Tampering

_Feed = TypeVar("_Feed")


def tampered_feeds(feeds: Feeds, how: Tampering) -> Feeds:
    """The feeds with every recorded one tampered; a live one tells a replay nothing as it is."""
    return replace(
        feeds,
        news=tuple(_tampered(feed, how) for feed in feeds.news),
        sentiment=tuple(_tampered(feed, how) for feed in feeds.sentiment),
        macro=tuple(_tampered(feed, how) for feed in feeds.macro),
    )


def _tampered(feed: _Feed, how: Tampering) -> _Feed:
    if isinstance(feed, RecordedFeed | DailyFiles):
        return cast("_Feed", TamperedFeed(feed, how))
    return feed


class TamperedFeed:
    """A recorded feed, asked each time in a world of its own."""

    origin: Origin = "recorded"

    def __init__(self, feed: RecordedFeed | DailyFiles, how: Tampering) -> None:
        self.name, self.description = feed.name, feed.description
        self._feed: Any = feed
        self._how = how

    async def items(self, as_of: datetime) -> Sequence[NewsItem]:
        """Articles, in the world as of `as_of`."""
        found: Sequence[NewsItem] = await self.world(as_of).items(as_of)
        return found

    async def readings(self, as_of: datetime) -> Sequence[Reading]:
        """Sentiment, in the world as of `as_of`."""
        found: Sequence[Reading] = await self.world(as_of).readings(as_of)
        return found

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """Values of other markets, in the world as of `as_of`."""
        found: Sequence[Observation] = await self.world(as_of).observations(as_of)
        return found

    async def close(self) -> None:
        """Let go of the record."""
        await self._feed.close()

    def world(self, as_of: datetime) -> Any:
        """The feed as of one moment."""
        known: Sequence[Sighted] = self._feed.known
        if self._how == "ended":
            return self._feed.showing([one for one in known if one.known_at <= as_of])
        return self._feed.showing(
            [one if one.known_at <= as_of else _garbage(one) for one in known]
        )


def _garbage(one: Sighted) -> Sighted:
    match one:
        case NewsItem():
            return replace(one, title=one.title[::-1], text="None of this has happened.")
        case Reading():
            return replace(one, value=100 - one.value if one.value != 50 else 99)
        case Observation():
            return replace(one, value=one.value * 3)
