"""What `plangate feeds` and `plangate doctor` see of a file of feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from app.clock import SystemClock
from app.feed_file import read_feed_file
from app.moments import read_moment
from domain.clock import Clock, FixedClock, iso
from domain.errors import ConfigError, PlangateError
from market.feeds.protocol import Feed, Feeds, NewsItem, Observation, Sighted


class Look(NamedTuple):
    """What one feed answered."""

    role: str
    feed: Feed
    known: Sequence[Sighted]
    error: PlangateError | None


async def look_at_all(path: Path, as_of: str | None) -> dict[str, Any]:
    """Every feed, asked at once.

    Raises:
        ConfigError: the file or the moment is wrong.
        DataError: a folder is missing or broken.
    """
    moment, looks = await _looks(path, as_of)
    rows = [
        {
            "name": look.feed.name,
            "role": look.role,
            "origin": look.feed.origin,
            "description": look.feed.description,
            "count": len(look.known),
            "newest_known_at": max((iso(one.known_at) for one in look.known), default=None),
            "error": None if look.error is None else str(look.error),
        }
        for look in looks
    ]
    return {"schema": "plangate.feeds/1", "as_of": iso(moment), "feeds": rows}


async def look_at(path: Path, name: str, as_of: str | None, limit: int) -> dict[str, Any]:
    """The newest of one feed.

    Raises:
        ConfigError: no such feed.
        PlangateError: why it could not be asked.
    """
    moment, looks = await _looks(path, as_of, name)
    for look in looks:
        if look.error is not None:
            raise look.error
    known = [one for look in looks for one in look.known]
    newest = sorted(known, key=lambda one: (one.known_at, _event(one)), reverse=True)[:limit]
    return {
        "schema": "plangate.feed/1",
        "name": name,
        "as_of": iso(moment),
        "known": [_row(one) for one in newest],
    }


async def failures(path: Path) -> list[tuple[str, PlangateError | None]]:
    """Each feed of a file by name, with what is wrong with it.

    Raises:
        ConfigError: the file is wrong.
        DataError: a folder is missing or broken.
    """
    _, looks = await _looks(path, None)
    return [(look.feed.name, look.error) for look in looks]


async def _looks(path: Path, as_of: str | None, name: str = "") -> tuple[datetime, list[Look]]:
    clock = _clock(as_of)
    feeds = read_feed_file(path).open(clock)
    try:
        asked = [pair for pair in _roles(feeds) if not name or pair[1].name == name]
        if not asked:
            known = ", ".join(feed.name for _, feed in _roles(feeds)) or "none"
            raise ConfigError(f"no feed {name!r} in {str(path)!r}; there is: {known}")
        # A slow feed is asked beside the others, not before them.
        at = clock.now()
        return at, list(await asyncio.gather(*(_look(role, feed, at) for role, feed in asked)))
    finally:
        await feeds.close()


def _clock(as_of: str | None) -> Clock:
    moment = read_moment("--as-of", as_of)
    return SystemClock() if moment is None else FixedClock(moment)


def _roles(feeds: Feeds) -> list[tuple[str, Any]]:
    return [
        *(("news", feed) for feed in feeds.news),
        *(("sentiment", feed) for feed in feeds.sentiment),
        *(("macro", feed) for feed in feeds.macro),
    ]


async def _look(role: str, feed: Any, as_of: datetime) -> Look:
    ask = {"news": "items", "sentiment": "readings", "macro": "observations"}[role]
    try:
        return Look(role, feed, await getattr(feed, ask)(as_of), None)
    except PlangateError as error:
        return Look(role, feed, (), error)


def _event(one: Sighted) -> datetime:
    return one.published_at if isinstance(one, NewsItem) else one.at


def _row(one: Sighted) -> dict[str, Any]:
    times = {"known_at": iso(one.known_at), "at": iso(_event(one))}
    if isinstance(one, NewsItem):
        return times | {"outlet": one.outlet, "title": one.title, "marks": list(one.marks)}
    if isinstance(one, Observation):
        return times | {"asset": one.asset, "value": one.value}
    return times | {"value": one.value}
