"""What an exchange says of itself: whether it takes orders, and what time it has.

Both are asked at most once a minute, together. A question that is not answered in time stays
unanswered for that minute and is None: the gate denies on it, and the rest of a snapshot goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from domain.errors import PlangateError
from domain.snapshot import VenueStatus
from market.protocol import VenueState
from market.sources.exchange_client import ExchangeClient

ASK_EVERY_S = 60.0
PATIENCE_S = 5.0
"""A time that takes longer to arrive says little, and a decision does not wait for it."""
_ELSEWHERE = frozenset({"binanceusdm", "binancecoinm", "foxbit"})
"""Exchanges whose status ccxt reads from another host: Binance's futures from the spot wallet's
`api.binance.com`, which says nothing of futures and need not be reachable where they are."""
_STATUS: Mapping[str, VenueStatus] = {
    "ok": "open",
    "maintenance": "maintenance",
    "shutdown": "closed",
    "error": "closed",
}
"""From ccxt's words. Source: https://docs.ccxt.com/?id=exchange-status-structure"""


class VenueWatch:
    """The newest state of one exchange."""

    def __init__(
        self,
        client: ExchangeClient,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._client = client
        self._patience_s = patience_s
        self._now = now
        self._monotonic = monotonic
        self._asked_s: float | None = None
        self._state = VenueState(None, None)
        self._lock = asyncio.Lock()

    async def state(self) -> VenueState:
        """Status and clock skew, at most a minute old.

        A venue that has no word for its status, but answers what time it is, counts as open: it is
        there. One that says neither stays unknown, and the gate denies.
        """
        async with self._lock:
            at_s = self._monotonic()
            if self._asked_s is None or at_s - self._asked_s >= ASK_EVERY_S:
                skew_s, status = await asyncio.gather(self._skew_s(), self._status())
                if not self._says_time:
                    skew_s = self._dated_s()
                if not self._says_status and skew_s is not None:
                    status = "open"
                self._state, self._asked_s = VenueState(status, skew_s), at_s
            return self._state

    @property
    def _says_time(self) -> bool:
        return self._client.has("fetchTime")

    @property
    def _says_status(self) -> bool:
        return self._client.has("fetchStatus") and self._client.exchange_id not in _ELSEWHERE

    async def _skew_s(self) -> float | None:
        if not self._says_time:
            return None
        try:
            async with asyncio.timeout(self._patience_s):
                return (await self._client.clock_lead(self._now)).total_seconds()
        except (PlangateError, TimeoutError):
            return None

    def _dated_s(self) -> float | None:
        """By the date in the answers' headers, of an exchange that has no other word for it."""
        lead = self._client.dated_lead()
        return None if lead is None else lead.total_seconds()

    async def _status(self) -> VenueStatus | None:
        if not self._says_status:
            return None
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._client.call("fetch_status")
        except (PlangateError, TimeoutError):
            return None
        return _STATUS.get(str(answer.get("status")))
