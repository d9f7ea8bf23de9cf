"""What a synchronisation tells while it goes on."""

from __future__ import annotations

from typing import Protocol

from market.store.store import Kept, SeriesKey


class SyncView(Protocol):
    """Shows how it goes on."""

    def series(self, key: SeriesKey, total: int, unit: str) -> None:
        """One series begins; `total` is how much of it is asked for."""
        ...

    def advance(self, done: int, kept: Kept) -> None:
        """So much of it is committed."""
        ...

    def note(self, words: str) -> None:
        """The source asked for patience, or lacks something."""
        ...
