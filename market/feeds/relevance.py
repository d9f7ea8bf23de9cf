"""How much an article has to do with an asset: 0 to 1, from counted words alone.

::

    relevance = trust * (0.45 title + 0.30 density + 0.15 label + 0.10 wide)

    title    1 if the asset is named in the title, else 0
    density  min(1, n / w / 0.04): n times it is named in title and text of w words
    label    1 if one of the feed's own categories is the asset, else 0
    wide     1 if a word that moves every market stands in the title, else 0
    trust    0.5 if the text looks like an instruction to a model or hides characters, else 1

An asset is named by its ticker, written in ASCII capitals as a word of its own (with or without
`$`), or by one of its names in any case. A forged ticker in look-alike letters names nothing.
Tickers that are also words (ONE, LINK) need the `$` or a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from market.feeds.protocol import NewsItem

Category = Literal["security", "regulation", "macro", "product", "market", "other"]

TITLE_WEIGHT, DENSITY_WEIGHT, LABEL_WEIGHT, WIDE_WEIGHT = 0.45, 0.30, 0.15, 0.10
FULL_DENSITY = 0.04
"""Named once in 25 words: more does not make an article more about it."""
LOW_TRUST = 0.5
_LESS_TRUSTED = {"instruction_like", "hidden_characters", "mixed_scripts"}

NAMES: Mapping[str, tuple[str, ...]] = {
    "BTC": ("bitcoin",),
    "ETH": ("ethereum", "ether"),
    "SOL": ("solana",),
    "XRP": ("ripple",),
    "BNB": ("binance coin", "bnb chain"),
    "ADA": ("cardano",),
    "DOGE": ("dogecoin",),
    "LTC": ("litecoin",),
    "DOT": ("polkadot",),
    "LINK": ("chainlink",),
    "AVAX": ("avalanche",),
    "TRX": ("tron",),
}
"""By which the largest coins are known; a session's `[terms]` adds to them or takes their place."""
_ALSO_WORDS = {"ONE", "LINK", "NEAR", "GAS", "SUN", "ICE", "KEY", "BAT", "DASH", "IT", "ALL", "ON"}

_CATEGORIES: tuple[tuple[Category, str], ...] = (
    ("security", r"hack\w*|exploit\w*|breach\w*|stolen|theft|drain\w*|outage|halt\w*|insolven\w*"),
    ("regulation", r"sec|cftc|mica|regulat\w*|lawsuit|ban(?:s|ned)?|sanction\w*|court|tax\w*"),
    ("macro", r"fed|fomc|ecb|cpi|inflation|rates?|tariffs?|jobs|payrolls?|recession|treasur\w+"),
    ("product", r"upgrade\w*|fork\w*|mainnet|launch\w*|listing|lists?|delist\w*|earnings|etfs?"),
    ("market", r"price\w*|rall\w+|sell-?off|liquidat\w*|all-time high|surg\w+|crash\w*|plung\w*"),
)
_CATEGORY_PATTERNS = tuple(
    (name, re.compile(rf"\b(?:{words})\b", re.I | re.A)) for name, words in _CATEGORIES
)
_WIDE = re.compile(
    r"\b(?:crypto\w*|stocks?|markets?|fed|sec|etfs?|inflation|tariffs?)\b", re.I | re.A
)
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Asset:
    """How one asset is named."""

    ticker: str
    names: tuple[str, ...]


def asset_of(base: str, terms: Mapping[str, tuple[str, ...]]) -> Asset:
    """The asset of a base currency or stock, with the session's names for it before our own."""
    return Asset(base, tuple(terms.get(base, NAMES.get(base, ()))))


def relevance(item: NewsItem, asset: Asset) -> float:
    """How much the article has to do with the asset, 0 to 1; the formula is the module's."""
    pattern = _pattern(asset)
    whole = f"{item.title}. {item.text}"
    words = max(1, len(_WORDS.findall(whole)))
    density = min(1.0, len(pattern.findall(whole)) / words / FULL_DENSITY)
    own = {asset.ticker.lower(), *(name.lower() for name in asset.names)}
    score = (
        TITLE_WEIGHT * bool(pattern.search(item.title))
        + DENSITY_WEIGHT * density
        + LABEL_WEIGHT * bool(own & set(item.labels))
        + WIDE_WEIGHT * bool(_WIDE.search(item.title))
    )
    return round(score * (LOW_TRUST if _LESS_TRUSTED & set(item.marks) else 1.0), 3)


def names(text: str, asset: Asset) -> bool:
    """Whether a text names the asset."""
    return _pattern(asset).search(text) is not None


def category_of(item: NewsItem) -> Category:
    """What kind of news it is by the first list that has one of its title's words."""
    for name, pattern in _CATEGORY_PATTERNS:
        if pattern.search(item.title):
            return name
    return "other"


@lru_cache(maxsize=256)
def _pattern(asset: Asset) -> re.Pattern[str]:
    """Matches each naming once."""
    ticker = re.escape(asset.ticker)
    alone = rf"\${ticker}" if asset.ticker in _ALSO_WORDS else rf"\$?{ticker}"
    parts = [rf"(?<!\w){alone}(?!\w)"] if asset.ticker else []
    parts += [rf"(?i:(?<!\w){re.escape(name)}(?!\w))" for name in asset.names if name]
    return re.compile("|".join(parts) or r"(?!)")
