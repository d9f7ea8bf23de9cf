"""A market that somebody wrote down: a few bars, payments and books, to try a rule on.

It keeps time like every other source: nothing after the moment of a question is shown. With order
books it calls itself live, since only a live market has one to take an order out of; its time is
still the script's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from typing_extensions import override

from domain.book import OrderBook
from domain.errors import UnknownSymbol
from domain.snapshot import Origin
from market.protocol import Offer, SourceInfo
from market.sources.recorded import RecordedMarket, RecordedSource


class ScriptedSource(RecordedSource):
    """Markets given whole, by symbol.

    Args:
        markets: The bars and funding of each symbol.
        books: Order books per symbol, oldest first; each stands until the next.
    """

    def __init__(
        self,
        markets: Mapping[str, RecordedMarket],
        books: Mapping[str, Sequence[OrderBook]] | None = None,
    ) -> None:
        origin: Origin = "live" if books else "synthetic"
        super().__init__("script", origin, "bars written down by hand, to try a rule on")
        self._written = dict(markets)
        self._books = dict(books or {})

    @override
    def load(self, symbol: str) -> RecordedMarket:
        """The market as it was written.

        Raises:
            UnknownSymbol: the script has none of this name.
        """
        if symbol not in self._written:
            raise UnknownSymbol(symbol, "the script", self._written)
        return self._written[symbol]

    @override
    def offers(self) -> frozenset[Offer]:
        """Funding and books, where they were written."""
        books: frozenset[Offer] = frozenset({"order_book"} if self._books else ())
        return super().offers() | books

    @property
    @override
    def info(self) -> SourceInfo:
        """What this source is; one with books has no beginning and no end."""
        known = super().info
        return replace(known, starts_at=None, ends_at=None) if self._books else known

    @override
    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """The newest book at or before `as_of`."""
        self.market(symbol)
        books = self._books.get(symbol, ())
        row = bisect_right(books, as_of, key=attrgetter("at")) - 1
        return books[row] if row >= 0 else None
