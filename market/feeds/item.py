"""From what a feed says to an article of ours: the one door for news, whatever it came from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.strict_json import content_hash
from market.feeds.plain_text import Mark, marks_of, plain_text
from market.feeds.protocol import NewsItem

TITLE_CHARACTERS = 300
TEXT_CHARACTERS = 4_000
OUTLET_CHARACTERS = 60
LABEL_CHARACTERS = 40
MAX_LABELS_COUNT = 20


def news_item(
    *,
    feed: str,
    outlet: object,
    title: object,
    text: object,
    labels: Iterable[object],
    published_at: datetime,
    known_at: datetime,
    marks: Iterable[Mark] = (),
) -> NewsItem | None:
    """The article with every text cleaned and cut; None where no title is left.

    Its id follows from its cleaned words, so that an article that was edited is another item, known
    from when the edit was seen.
    """
    head = plain_text(title, TITLE_CHARACTERS)
    if not head:
        return None
    body, by = plain_text(text, TEXT_CHARACTERS), plain_text(outlet, OUTLET_CHARACTERS)
    raw = " ".join(part for part in (title, text, outlet) if isinstance(part, str))
    own = dict.fromkeys((*marks, *marks_of(raw)))
    named = [plain_text(label, LABEL_CHARACTERS).lower() for label in labels]
    return NewsItem(
        item_id=content_hash([feed, by, head, body])[:16],
        feed=feed,
        outlet=by,
        title=head,
        text=body,
        labels=tuple(dict.fromkeys(label for label in named if label))[:MAX_LABELS_COUNT],
        published_at=published_at,
        known_at=known_at,
        marks=tuple(own),
    )
