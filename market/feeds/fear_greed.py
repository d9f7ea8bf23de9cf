"""The Fear and Greed index of alternative.me: one value a day, 0 extreme fear to 100 extreme greed.

Its numbers come as texts. The words that it gives them are not read: `band_of` has our own.

Source: https://alternative.me/crypto/fear-and-greed-index/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.clock import from_ms
from domain.errors import DataError
from market.feeds.api_answer import Answer, read_answer
from market.feeds.live import LiveFeed
from market.feeds.protocol import Reading, Sighted

BASE_URL = "https://api.alternative.me"
PATH = "/fng/?limit=31"
Band = Literal["extreme fear", "fear", "neutral", "greed", "extreme greed"]
_BANDS: tuple[tuple[int, Band], ...] = (
    (25, "extreme fear"),
    (47, "fear"),
    (55, "neutral"),
    (76, "greed"),
    (101, "extreme greed"),
)
"""Values below the number carry the name, as the index's own page draws them."""

Digits = Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]


class _Value(Answer):
    value: Digits
    timestamp: Digits


class _Values(Answer):
    data: list[_Value]


class FearGreedFeed(LiveFeed):
    """The last 31 days of the index."""

    async def readings(self, as_of: datetime) -> Sequence[Reading]:
        """What was known at `as_of`."""
        return [one for one in await self.sighted(as_of) if isinstance(one, Reading)]

    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """The values of one answer.

        Raises:
            DataError: another shape, or a value that is not 0 to 100.
        """
        found = []
        for one in read_answer(body, _Values, self.name).data:
            value = int(one.value)
            if value > 100:
                raise DataError(f"{self.name} says {value!r}, was expected to be 0 to 100")
            found.append(Reading(value, from_ms(int(one.timestamp) * 1000), known_at))
        return found


def band_of(value: int) -> Band:
    """The value in a word."""
    return next(name for below, name in _BANDS if value < below)
