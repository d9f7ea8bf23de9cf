"""From a checked file of feeds to the feeds themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from domain.clock import Clock
from market.feeds import coindesk, coingecko, fear_greed
from market.feeds.daily import DailyFiles, DailyPage
from market.feeds.fetch import Fetcher
from market.feeds.protocol import (
    Feeds,
    MacroFeed,
    NewsFeed,
    SentimentFeed,
    estimated_tokens,
)
from market.feeds.recorded import RecordedFeed
from market.feeds.rss import RssFeed
from market.feeds.spec import (
    Coindesk,
    Coingecko,
    Daily,
    FearGreed,
    FeedsSpec,
    MacroSpec,
    NewsSpec,
    Recorded,
    SentimentSpec,
)


def open_feeds(
    spec: FeedsSpec,
    folder: Path,
    clock: Clock,
    keys: Mapping[str, str],
    count_tokens: Callable[[str], int] = estimated_tokens,
) -> Feeds:
    """The feeds of a file; files are read now, the network is asked when a tool asks.

    Args:
        spec: what the file says.
        folder: where it lies; its paths are relative to it.
        clock: the session's.
        keys: values of the environment variables that it names.
        count_tokens: the tokenizer of the session's model.

    Raises:
        DataError: a folder is missing or broken.
    """
    opener = _Opener(spec, folder, clock, keys)
    return Feeds(
        news=tuple(map(opener.news, spec.news)),
        sentiment=tuple(map(opener.sentiment, spec.sentiment)),
        macro=tuple(feed for one in spec.macro for feed in opener.macro(one)),
        terms=spec.terms,
        count_tokens=count_tokens,
    )


class _Opener:
    """What the feeds of one file share."""

    def __init__(
        self, spec: FeedsSpec, folder: Path, clock: Clock, keys: Mapping[str, str]
    ) -> None:
        self._record = None if spec.record is None else folder / spec.record
        self._folder = folder
        self._clock = clock
        self._keys = keys

    def news(self, spec: NewsSpec) -> NewsFeed:
        """A feed of articles."""
        if isinstance(spec, Recorded):
            return RecordedFeed(spec.name, self._folder / spec.folder)
        if isinstance(spec, Coindesk):
            headers = coindesk.key_header(self._keys[spec.key_env])
            url = (spec.url or coindesk.BASE_URL).rstrip("/") + coindesk.PATH
            fetcher = self._fetcher(url, spec.refresh_s, headers)
            return coindesk.CoindeskFeed(spec.name, fetcher, self._clock, self._file(spec.name))
        fetcher = self._fetcher(spec.url, spec.refresh_s)
        return RssFeed(spec.name, fetcher, self._clock, self._file(spec.name))

    def sentiment(self, spec: SentimentSpec) -> SentimentFeed:
        """A feed of an index."""
        if isinstance(spec, FearGreed):
            url = (spec.url or fear_greed.BASE_URL).rstrip("/") + fear_greed.PATH
            fetcher = self._fetcher(url, spec.refresh_s)
            return fear_greed.FearGreedFeed(spec.name, fetcher, self._clock, self._file(spec.name))
        return RecordedFeed(spec.name, self._folder / spec.folder)

    def macro(self, spec: MacroSpec) -> list[MacroFeed]:
        """Feeds of other markets, one an address."""
        if isinstance(spec, Recorded):
            return [RecordedFeed(spec.name, self._folder / spec.folder)]
        if isinstance(spec, Daily):
            waits = {a: timedelta(hours=h) for a, h in spec.known_after_hours.items()}
            return [DailyFiles(spec.name, self._folder / spec.folder, waits)]
        if isinstance(spec, Coingecko):
            headers = coingecko.key_header(self._keys[spec.key_env]) if spec.key_env else None
            url = (spec.url or coingecko.BASE_URL).rstrip("/") + coingecko.PATH
            fetcher = self._fetcher(url, spec.refresh_s, headers)
            return [coingecko.CoingeckoFeed(spec.name, fetcher, self._clock, self._file(spec.name))]
        return [
            DailyPage(
                f"{spec.name}.{asset}",
                self._fetcher(url, spec.refresh_s),
                self._clock,
                asset,
                self._file(f"{spec.name}.{asset}"),
            )
            for asset, url in spec.urls.items()
        ]

    def _fetcher(
        self, url: str, refresh_s: float, headers: Mapping[str, str] | None = None
    ) -> Fetcher:
        return Fetcher(url, self._clock.now, timedelta(seconds=refresh_s), headers)

    def _file(self, name: str) -> Path | None:
        return None if self._record is None else self._record / f"{name}.jsonl"
