"""News by RSS or Atom."""

from __future__ import annotations

import io
from calendar import timegm
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from domain.clock import from_ms
from domain.errors import DataError
from market.feeds.item import news_item
from market.feeds.live import LiveFeed
from market.feeds.markup_bounds import require_bounded
from market.feeds.protocol import NewsItem, Sighted

MAX_ENTRIES_COUNT = 100


class RssFeed(LiveFeed):
    """The entries of one RSS or Atom document that say when they were published."""

    async def items(self, as_of: datetime) -> Sequence[NewsItem]:
        """What was known at `as_of`."""
        return [one for one in await self.sighted(as_of) if isinstance(one, NewsItem)]

    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """The dated entries, newest first as a rule.

        Raises:
            DataError: no feed, or one that is made to be slow.
        """
        import feedparser

        require_bounded(body, self.name)
        # A stream, for a text could be taken for the name of a file or an address to fetch.
        read: Any = feedparser.parse(
            io.BytesIO(body),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={"content-type": "application/xml"},
        )
        if not read.entries and not read.get("version"):
            raise DataError(
                f"{self.name} answered with something that is no RSS or Atom; check its address"
            )
        host = urlsplit(self._fetcher.where).hostname or self.name
        found = (self._item(entry, host, known_at) for entry in read.entries[:MAX_ENTRIES_COUNT])
        return [item for item in found if item is not None]

    def _item(self, entry: Any, host: str, known_at: datetime) -> NewsItem | None:
        stamp = entry.get("published_parsed") or entry.get("updated_parsed")
        if not stamp:
            return None  # undated news is stale by rule
        try:
            published_at = from_ms(timegm(stamp) * 1000)
        except (ValueError, OverflowError):
            return None
        content = entry.get("content") or [{}]
        return news_item(
            feed=self.name,
            outlet=host,
            title=entry.get("title"),
            text=entry.get("summary") or content[0].get("value"),
            labels=[tag.get("term") for tag in entry.get("tags") or []],
            published_at=published_at,
            known_at=known_at,
        )
