"""A folder of what feeds told, each line shown from the moment it was known: a replay's feed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from domain.snapshot import Origin
from market.feeds.protocol import NewsItem, Observation, Reading, Sighted
from market.feeds.record import read_record


class RecordedFeed:
    """News, sentiment and other markets out of one folder."""

    origin: Origin = "recorded"

    def __init__(self, name: str, folder: Path) -> None:
        """Read the folder.

        Raises:
            DataError: naming file, line and fault.
        """
        self.name = name
        self._folder = folder
        self._known = read_record(folder)

    @property
    def known(self) -> Sequence[Sighted]:
        """Every line, whenever it was known."""
        return self._known

    def showing(self, known: Sequence[Sighted]) -> Self:
        """The same feed over other lines."""
        other = copy.copy(self)
        other._known = list(known)
        return other

    @property
    def description(self) -> str:
        """What it is, and where from."""
        return f"{len(self._known)} recorded lines in {self._folder}"

    async def items(self, as_of: datetime) -> Sequence[NewsItem]:
        """Articles known at `as_of`; one that claims a later publication was not."""
        return [
            one
            for one in self._known
            if isinstance(one, NewsItem) and max(one.known_at, one.published_at) <= as_of
        ]

    async def readings(self, as_of: datetime) -> Sequence[Reading]:
        """Sentiment known at `as_of`."""
        return [
            one
            for one in self._known
            if isinstance(one, Reading) and max(one.known_at, one.at) <= as_of
        ]

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """Values of other markets known at `as_of`."""
        return [
            one
            for one in self._known
            if isinstance(one, Observation) and max(one.known_at, one.at) <= as_of
        ]

    async def close(self) -> None:
        """Nothing is held open."""
