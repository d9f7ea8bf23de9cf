"""The feeds that a user names in a file: checked strictly, without any secret.

An unknown or misspelt key refuses to start, and a key of an API is never written here, only the
name of the environment variable that holds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from domain.errors import ConfigError
from market.feeds.protocol import MacroAsset

MAX_FEEDS_COUNT = 50
MAX_COMPLAINTS = 5


def _public_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("was expected to begin with https:// or http:// and name a host")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password; name an environment variable in key_env")
    return url


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Address = Annotated[str, Field(max_length=500), AfterValidator(_public_address)]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
RefreshSeconds = Annotated[float, Field(ge=30, le=86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class _Named(_Part):
    name: Name
    """By which answers and messages call the feed."""


class Recorded(_Named):
    """A folder of `.jsonl` lines, as `record` writes them."""

    kind: Literal["recorded"]
    folder: Path
    """Relative to this file."""


class Rss(_Named):
    """RSS or Atom."""

    kind: Literal["rss"]
    url: Address
    refresh_s: RefreshSeconds = 300
    """How long a page is not asked for again."""


class Coindesk(_Named):
    """News by the CoinDesk Data API."""

    kind: Literal["coindesk"]
    key_env: EnvironmentName
    """Environment variable that holds the key."""
    url: Address | None = None
    """Another address of the API, such as a proxy."""
    refresh_s: RefreshSeconds = 300


class FearGreed(_Named):
    """The index of alternative.me."""

    kind: Literal["fear_greed"]
    url: Address | None = None
    refresh_s: RefreshSeconds = 3600


class Coingecko(_Named):
    """BTC dominance."""

    kind: Literal["coingecko"]
    key_env: EnvironmentName | None = None
    url: Address | None = None
    refresh_s: RefreshSeconds = 3600


class Daily(_Named):
    """Daily closes in a folder: `spy.csv`, `qqq.csv`, `vix.csv`, `dxy.csv`, `gold.csv`."""

    kind: Literal["daily"]
    folder: Path
    known_after_hours: dict[MacroAsset, Annotated[float, Field(ge=0, le=168)]] = {}
    """Hours from 00:00 UTC of a day to when its close is known; 24 where it is not said."""


class DailyUrl(_Named):
    """Daily closes as CSV from the network, one address a market."""

    kind: Literal["daily_url"]
    urls: Annotated[dict[MacroAsset, Address], Field(min_length=1)]
    refresh_s: RefreshSeconds = 3600


NewsSpec = Annotated[Rss | Coindesk | Recorded, Field(discriminator="kind")]
SentimentSpec = Annotated[FearGreed | Recorded, Field(discriminator="kind")]
MacroSpec = Annotated[Coingecko | Daily | DailyUrl | Recorded, Field(discriminator="kind")]
FeedSpec = Rss | Coindesk | FearGreed | Coingecko | Daily | DailyUrl | Recorded


class FeedsSpec(_Part):
    """A whole file."""

    record: Path | None = None
    """Folder in which live feeds keep what they saw, for a replay; relative to this file."""
    news: Annotated[tuple[NewsSpec, ...], Field(max_length=MAX_FEEDS_COUNT)] = ()
    sentiment: Annotated[tuple[SentimentSpec, ...], Field(max_length=MAX_FEEDS_COUNT)] = ()
    macro: Annotated[tuple[MacroSpec, ...], Field(max_length=MAX_FEEDS_COUNT)] = ()
    terms: dict[
        Annotated[str, Field(pattern=r"^[A-Z0-9.]{1,12}$")],
        tuple[Annotated[str, Field(min_length=2, max_length=40)], ...],
    ] = {}
    """Names of an asset beside its ticker; they take the place of the built-in ones."""

    @property
    def all(self) -> tuple[FeedSpec, ...]:
        """Every feed, news first."""
        return (*self.news, *self.sentiment, *self.macro)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The environment variables that it names."""
        named = (getattr(one, "key_env", None) for one in self.all)
        return tuple(dict.fromkeys(name for name in named if name))


def read_spec(table: dict[str, Any], where: str) -> FeedsSpec:
    """The file's table as a value.

    Raises:
        ConfigError: naming every key that is wrong, up to five.
    """
    try:
        spec = FeedsSpec.model_validate(table)
    except ValidationError as error:
        told = [_wrong(one) for one in error.errors(include_url=False, include_input=False)]
        raise ConfigError(f"{where}: {'; '.join(told[:MAX_COMPLAINTS])}") from None
    twice = {one.name for one in spec.all if sum(o.name == one.name for o in spec.all) > 1}
    if twice:
        raise ConfigError(f"{where}: two feeds are named {sorted(twice)[0]!r}; rename one")
    return spec


def _wrong(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    said = error["msg"].removeprefix("Value error, ")
    return f"{place} {said}" if "expected" in said or "holds" in said else f"{place}: {said}"
