"""When things were first seen: the availability time that a feed itself cannot tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from market.feeds.protocol import NewsItem, Reading, Sighted
from market.feeds.record import append_record

MAX_KEPT_COUNT = 5_000
"""Of one feed: days of the busiest; older ones are forgotten first."""


class Sightings:
    """What one feed has shown, each at its first appearance."""

    def __init__(self, record: Path | None = None) -> None:
        """Empty.

        Args:
            record: file to which each first sighting is added; None keeps no record.
        """
        self._seen: dict[tuple[object, ...], Sighted] = {}
        self._record = record

    def note(self, shown: Iterable[Sighted]) -> None:
        """Keep what is new; what was seen before keeps its first moment."""
        fresh: list[Sighted] = []
        for one in shown:
            # Before its own event a thing cannot have been known: a stamp ahead of the clock waits.
            event = one.published_at if isinstance(one, NewsItem) else one.at
            true = replace(one, known_at=max(one.known_at, event))
            if _key(true) not in self._seen:
                self._seen[_key(true)] = true
                fresh.append(true)
        for key in list(self._seen)[: max(0, len(self._seen) - MAX_KEPT_COUNT)]:
            del self._seen[key]
        if self._record is not None:
            append_record(self._record, fresh)

    def known(self, as_of: datetime) -> list[Sighted]:
        """What had been seen by then, in the order of sighting."""
        return [one for one in self._seen.values() if one.known_at <= as_of]


def _key(one: Sighted) -> tuple[object, ...]:
    if isinstance(one, NewsItem):
        return (one.item_id,)
    if isinstance(one, Reading):
        return (one.at, one.value)
    return (one.asset, one.at, one.value)
