"""What feeds from the network share: when they are asked, and what they cannot know.

A subclass says what is in a page. A feed of today cannot tell what it showed last year: in a
replay, whose clock is moved by the session, it is absent.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from domain.clock import Clock, FixedClock, iso
from domain.errors import DataError
from domain.snapshot import Origin
from market.feeds.fetch import Fetcher, Page
from market.feeds.protocol import Sighted
from market.feeds.sightings import Sightings

PRESENT = timedelta(minutes=2)
"""A question about a moment older than this is answered from what has been seen by then."""


class LiveFeed(ABC):
    """One page of the network, looked at when asked and at most once in its life."""

    origin: Origin = "live"

    def __init__(
        self, name: str, fetcher: Fetcher, clock: Clock, record: Path | None = None
    ) -> None:
        """Nothing is asked yet.

        Args:
            name: as the user named it.
            fetcher: of its page.
            clock: the session's.
            record: file to which first sightings are added.
        """
        self.name = name
        self._fetcher = fetcher
        self._clock = clock
        self._sightings = Sightings(record)
        self._read_page: Page | None = None

    @property
    def description(self) -> str:
        """What it is, and where from."""
        return f"{type(self).__name__.removesuffix('Feed')} at {self._fetcher.where}"

    @abstractmethod
    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """What a page tells; runs in a thread.

        Raises:
            DataError: it is no page of this kind.
        """

    async def close(self) -> None:
        """Let go of connections; may be called twice."""
        await self._fetcher.close()

    async def sighted(self, as_of: datetime) -> list[Sighted]:
        """What was known at `as_of`, after a look at the page if its life is over.

        Raises:
            DataError: in a replay, or the page is not what it should be.
            Unreachable: no answer.
            AccessRefused: the key is wrong.
        """
        if isinstance(self._clock, FixedClock):
            raise DataError(
                f"{self.name} is live and cannot say what was known at {iso(as_of)}; a replay "
                "reads a recorded folder"
            )
        if self._clock.now() - as_of <= PRESENT:
            page = await self._fetcher.page()
            if page is not self._read_page:
                # The milliseconds its answer took are not an age, as with an order book.
                shown = await asyncio.to_thread(self.read, page.body, min(page.asked_at, as_of))
                self._sightings.note(shown)
                self._read_page = page
        return self._sightings.known(as_of)
