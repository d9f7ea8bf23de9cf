"""Answers given once may be given again, as long as they are about the same moment.

The key holds `as_of`, so an answer can never be taken into a later decision and show it a past that
has moved on, nor into an earlier one and show it the future.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.clock import Clock, iso
from domain.strict_json import canonical
from tools.protocol import ToolRequest

MAX_ENTRIES = 256
"""Some twenty decisions: a session over years must not keep every answer it was ever given."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool answered, before it carries a result id."""

    body: str
    """Members of a JSON object, without its braces."""
    source: str
    origin: str
    known_at: datetime | None
    partial: bool
    """Something that was asked for could not be had; the body says what."""


class AnswerCache:
    """The newest answers, oldest forgotten first, aged on the session's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[datetime, Found]] = OrderedDict()

    def get(self, key: str, cache_s: float) -> Found | None:
        """The answer kept under `key`, or None when there is none young enough."""
        entry = self._entries.get(key)
        if entry is None or self._clock.now() - entry[0] >= timedelta(seconds=cache_s):
            return None
        return entry[1]

    def put(self, key: str, found: Found) -> None:
        """Keep an answer."""
        self._entries[key] = (self._clock.now(), found)
        self._entries.move_to_end(key)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)


def cache_key(name: str, arguments: dict[str, Any], request: ToolRequest) -> str:
    """What makes two calls the same: tool, arguments, whose data, about what, as of when."""
    return canonical(
        [
            name,
            arguments,
            request.source.info.name,
            request.symbol,
            request.symbols,
            request.timeframe,
            iso(request.as_of),
        ]
    )
