"""Which of a session's decisions `export` and `traces wanted` take; light."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.moments import read_span
from domain.clock import parse_moment


@dataclass(frozen=True, slots=True)
class JournalChoice:
    """Filters that must all hold; None holds always."""

    symbol: str | None = None
    since: datetime | None = None
    """Decided at this moment of the market or later."""
    until: datetime | None = None
    """Decided before this moment of the market."""

    def has(self, decision: dict[str, Any]) -> bool:
        """Whether a decision of the journal is one of them."""
        as_of = parse_moment(decision["as_of"])
        return (
            (self.symbol is None or decision["symbol"].casefold() == self.symbol.casefold())
            and (self.since is None or as_of >= self.since)
            and (self.until is None or as_of < self.until)
        )


def read_journal_choice(symbol: str | None, since: str | None, until: str | None) -> JournalChoice:
    """The options' words as filters.

    Raises:
        ConfigError: a word is no moment and no age, or nothing could lie between the two.
    """
    return JournalChoice(symbol, *read_span(since, until))
