"""Pages of feeds as they come, and clocks that a test moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class MovedClock:
    """A real session's clock as far as feeds can tell, moved by the test."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def jump_s(self) -> float:
        return 0.0


def rss(*entries: tuple[str, str, datetime | None], raw: bool = False) -> bytes:
    """An RSS 2.0 document of (title, description, publication)."""
    items = "".join(
        f"<item><title>{t if raw else escape(t)}</title>"
        f"<description>{d if raw else escape(d)}</description>"
        + (f"<pubDate>{format_datetime(at)}</pubDate>" if at else "")
        + "</item>"
        for t, d, at in entries
    )
    text = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'
    )
    return text.encode()


def coindesk(*articles: dict[str, Any]) -> bytes:
    """An answer of the news API; each article is laid over a usual one."""
    usual = {
        "TYPE": "121",
        "ID": 1,
        "GUID": "https://example.com/1",
        "PUBLISHED_ON": int(NOW.timestamp()) - 3600,
        "TITLE": "Bitcoin rises",
        "SUBTITLE": None,
        "BODY": "Bitcoin rose.",
        "URL": "https://example.com/1",
        "KEYWORDS": "BTC|MARKET",
        "SENTIMENT": "POSITIVE",
        "SOURCE_DATA": {"ID": 5, "NAME": "Example Wire", "URL": "https://example.com"},
        "CATEGORY_DATA": [{"ID": 14, "NAME": "BTC", "CATEGORY": "BTC"}],
    }
    return json.dumps({"Data": [usual | article for article in articles], "Err": {}}).encode()


def fear_greed(*values: tuple[str, datetime]) -> bytes:
    """An answer of the index, newest first, numbers as texts."""
    rows = [
        {"value": v, "value_classification": "Buy now!", "timestamp": str(int(at.timestamp()))}
        for v, at in values
    ]
    return json.dumps({"name": "Fear and Greed Index", "data": rows, "metadata": {}}).encode()


def closes(start: datetime, values: list[float]) -> str:
    """Daily closes as CSV."""
    rows = (
        f"{start + timedelta(days=n):%Y-%m-%d},{v},{v},{v},{v},100" for n, v in enumerate(values)
    )
    return "\n".join(["Date,Open,High,Low,Close,Volume", *rows]) + "\n"
