"""News by the CoinDesk Data API (once CryptoCompare's), behind a key.

Source: https://developers.coindesk.com/documentation/data-api/news_v1_article_list
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.clock import from_ms
from market.feeds.api_answer import Answer, read_answer
from market.feeds.item import news_item
from market.feeds.live import LiveFeed
from market.feeds.protocol import NewsItem, Sighted

BASE_URL = "https://data-api.coindesk.com"
PATH = "/news/v1/article/list?lang=EN&limit=50"


def key_header(key: str) -> dict[str, str]:
    """How the API wants its key."""
    return {"Authorization": f"Apikey {key}"}


class _Outlet(Answer):
    NAME: str = ""


class _Category(Answer):
    NAME: str = ""
    CATEGORY: str = ""


class _Article(Answer):
    TITLE: str
    BODY: str | None = None
    KEYWORDS: str | None = None
    PUBLISHED_ON: Annotated[int, Field(gt=0, lt=10**10)]
    SOURCE_DATA: _Outlet = _Outlet()
    CATEGORY_DATA: Annotated[list[_Category], Field(default_factory=list)]


class _Articles(Answer):
    Data: list[_Article]


class CoindeskFeed(LiveFeed):
    """The newest articles of all outlets that CoinDesk collects."""

    async def items(self, as_of: datetime) -> Sequence[NewsItem]:
        """What was known at `as_of`."""
        return [one for one in await self.sighted(as_of) if isinstance(one, NewsItem)]

    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """The articles of one answer.

        Raises:
            DataError: another shape.
        """
        found = (
            self._item(article, known_at)
            for article in read_answer(body, _Articles, self.name).Data
        )
        return [item for item in found if item is not None]

    def _item(self, article: _Article, known_at: datetime) -> NewsItem | None:
        categories = (name for c in article.CATEGORY_DATA for name in (c.CATEGORY, c.NAME))
        return news_item(
            feed=self.name,
            outlet=article.SOURCE_DATA.NAME,
            title=article.TITLE,
            text=article.BODY,
            labels=[*categories, *(article.KEYWORDS or "").split("|")],
            published_at=from_ms(article.PUBLISHED_ON * 1000),
            known_at=known_at,
        )
