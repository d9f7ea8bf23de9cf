"""The seams to feeds: news, sentiment and other markets, as of a moment.

Contract of every feed:

- Point in time: what it answers as of a moment was known then (`known_at <= as_of`). A live feed
  knows an item from the moment this process first saw it, whatever the item says of itself; in a
  replay it cannot tell what was known, and says so instead of guessing.
- Failure raises (`DataError`, `Unreachable`, `AccessRefused`). An empty answer means that there is
  nothing.
- Text of a feed is untrusted: shown cleaned, capped and quoted. Nothing is read out of it,
  no symbol, no number, no argument of a tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

from domain.snapshot import Origin
from market.feeds.plain_text import Mark

MacroAsset = Literal["btc_dominance", "spy", "qqq", "vix", "dxy", "gold"]
"""Markets beside the session's own that traders look at."""
MACRO_ASSETS: tuple[MacroAsset, ...] = get_args(MacroAsset)

CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for models whose tokenizer we do not have."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One article, cleaned; every text in it is a stranger's."""

    item_id: str
    """Hash of what tells it from other items of its feed."""
    feed: str
    """The feed's name as the user gave it."""
    outlet: str
    """Who published it, as the feed says."""
    title: str
    text: str
    """Summary or body without markup; may be empty."""
    labels: tuple[str, ...]
    """The feed's own categories, lower case: to be compared with, never shown."""
    published_at: datetime
    """Event time: when its outlet says that it was published."""
    known_at: datetime
    """Availability time: when it was first seen."""
    marks: tuple[Mark, ...] = ()
    """Why it deserves less trust."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a sentiment index."""

    value: int
    """0 extreme fear to 100 extreme greed."""
    at: datetime
    """Event time: the period it is of."""
    known_at: datetime
    """Availability time."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of another market."""

    asset: MacroAsset
    value: float
    at: datetime
    """Event time: what the source stamps it with, such as the day of a close."""
    known_at: datetime
    """Availability time."""


Sighted = NewsItem | Reading | Observation
"""What feeds are made of."""


class Feed(Protocol):
    """What every feed says of itself."""

    @property
    def name(self) -> str:
        """As the user named it."""
        ...

    @property
    def origin(self) -> Origin:
        """`live` or `recorded`."""
        ...

    @property
    def description(self) -> str:
        """One line: what it is, and where from; without secrets."""
        ...

    async def close(self) -> None:
        """Let go of connections; may be called twice."""
        ...


class NewsFeed(Feed, Protocol):
    """Articles."""

    async def items(self, as_of: datetime) -> Sequence[NewsItem]:
        """What was known at `as_of`, in any order."""
        ...


class SentimentFeed(Feed, Protocol):
    """An index of the crowd's mood."""

    async def readings(self, as_of: datetime) -> Sequence[Reading]:
        """What was known at `as_of`, in any order."""
        ...


class MacroFeed(Feed, Protocol):
    """Values of other markets."""

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """Values of every market that it has, known at `as_of`, in any order."""
        ...


def estimated_tokens(text: str) -> int:
    """Tokens of a text by rule of thumb, at least one for each 4 bytes of UTF-8."""
    return -(-len(text.encode("utf-8", "replace")) // CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Feeds:
    """The opened feeds of a session."""

    news: tuple[NewsFeed, ...] = ()
    sentiment: tuple[SentimentFeed, ...] = ()
    macro: tuple[MacroFeed, ...] = ()
    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words by which a base asset is known beside its ticker, such as BTC: bitcoin."""
    count_tokens: Callable[[str], int] = estimated_tokens
    """The tokenizer of the session's model."""

    async def close(self) -> None:
        """Close them all."""
        for feed in (*self.news, *self.sentiment, *self.macro):
            await feed.close()


NO_FEEDS = Feeds()
"""A session without any."""
