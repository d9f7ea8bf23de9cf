"""BTC dominance by CoinGecko: Bitcoin's share of the capitalisation of all coins, in percent.

Source: https://docs.coingecko.com/reference/crypto-global
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.clock import from_ms
from market.feeds.api_answer import Answer, read_answer
from market.feeds.live import LiveFeed
from market.feeds.protocol import Observation, Sighted

BASE_URL = "https://api.coingecko.com"
PATH = "/api/v3/global"


def key_header(key: str) -> dict[str, str]:
    """How the API wants its key, which it does without."""
    return {"x-cg-demo-api-key": key}


class _Shares(Answer):
    btc: Annotated[float, Field(gt=0, le=100, strict=False)]


class _Global(Answer):
    market_cap_percentage: _Shares
    updated_at: Annotated[int, Field(gt=0, lt=10**10)]


class _Answer(Answer):
    data: _Global


class CoingeckoFeed(LiveFeed):
    """The dominance of now; its history grows as it is asked."""

    async def observations(self, as_of: datetime) -> Sequence[Observation]:
        """What was known at `as_of`."""
        return [one for one in await self.sighted(as_of) if isinstance(one, Observation)]

    def read(self, body: bytes, known_at: datetime) -> Sequence[Sighted]:
        """The one value of an answer.

        Raises:
            DataError: another shape.
        """
        found = read_answer(body, _Answer, self.name).data
        at = from_ms(found.updated_at * 1000)
        share = found.market_cap_percentage.btc
        return [Observation("btc_dominance", share, at, known_at)]
