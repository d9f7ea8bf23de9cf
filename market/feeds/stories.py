"""Articles as stories: what several outlets tell alike is told once, in few sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from market.feeds.protocol import NewsItem
from market.feeds.relevance import Asset, names, relevance

SAME_STORY_RATIO = 0.5
"""Share of title words in common (Jaccard) from which two titles tell one story."""
SAME_STORY_WITHIN = timedelta(hours=48)
LEAST_RELEVANCE = 0.2
MAX_STORIES_COUNT = 200
_COMMON = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "and",
        "or",
        "as",
        "by",
        "with",
        "from",
        "is",
        "are",
        "was",
        "were",
        "after",
        "over",
        "its",
        "it",
        "his",
        "her",
        "amid",
        "says",
        "say",
        "said",
        "new",
        "how",
        "why",
        "what",
        "will",
        "be",
        "has",
        "have",
        "not",
    ]
)
_WORD = re.compile(r"[\w$%.]*\w")


@dataclass(frozen=True, slots=True)
class Story:
    """One thing that happened, as its best article tells it."""

    item: NewsItem
    relevance: float
    outlets_count: int
    """Outlets that told it, this one included."""
    first_at: datetime
    """The earliest publication of it."""


def stories(items: Iterable[NewsItem], asset: Asset, since: datetime) -> list[Story]:
    """Stories about an asset published since then: the most relevant first, then the newest.

    Of several articles the one is kept that is most relevant, then was known first.
    """
    rated = sorted(
        ((relevance(item, asset), item) for item in items if item.published_at >= since),
        key=lambda pair: (-pair[0], pair[1].known_at, pair[1].item_id),
    )
    groups: list[tuple[frozenset[str], float, list[NewsItem]]] = []
    for score, item in rated:
        if score < LEAST_RELEVANCE or len(groups) >= MAX_STORIES_COUNT:
            continue
        words = _words(item.title)
        same = next((g for g in groups if _same(words, item, g[0], g[2][0])), None)
        if same is None:
            groups.append((words, score, [item]))
        else:
            same[2].append(item)
    told = [
        Story(
            items[0],
            score,
            len({one.outlet for one in items}),
            min(one.published_at for one in items),
        )
        for _, score, items in groups
    ]
    return sorted(
        told, key=lambda s: (-s.relevance, -s.item.published_at.timestamp(), s.item.item_id)
    )


def excerpt(
    item: NewsItem, asset: Asset, tokens: int, count_tokens: Callable[[str], int]
) -> list[str]:
    """Whole sentences of the text that together take at most `tokens`, in their order.

    Those that name the asset come first, then those that stand first.
    """
    sentences = [s for s in split_sentences(item.text) if s != item.title]
    order = sorted(range(len(sentences)), key=lambda n: (not names(sentences[n], asset), n))
    chosen, left = [], tokens
    for number in order:
        cost = count_tokens(sentences[number])
        if cost <= left:
            chosen.append(number)
            left -= cost
    return [sentences[number] for number in sorted(chosen)]


def within_tokens(text: str, tokens: int, count_tokens: Callable[[str], int]) -> str:
    """The text, cut where it would take more than `tokens`."""
    while count_tokens(text) > tokens:
        text = text[: max(1, len(text) * 3 // 4) - 1].rstrip() + "…"
        if len(text) <= 1:
            break
    return text


def split_sentences(text: str) -> Sequence[str]:
    """The sentences of a text; abbreviations and decimals do not end one (Punkt)."""
    return [s for s in (str(one).strip() for one in _tokenizer()(text)) if s] if text else []


@cache
def _tokenizer() -> Any:
    from nupunkt import sent_tokenize

    return sent_tokenize


def _words(title: str) -> frozenset[str]:
    return frozenset(w for w in _WORD.findall(title.casefold()) if w not in _COMMON)


def _same(words: frozenset[str], item: NewsItem, other: frozenset[str], first: NewsItem) -> bool:
    if abs(item.published_at - first.published_at) > SAME_STORY_WITHIN:
        return False
    both = words | other
    return bool(both) and len(words & other) / len(both) >= SAME_STORY_RATIO
