"""Funding payments of an exchange: read from the store, fetched where the store has nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from domain.clock import to_ms
from domain.errors import AccessRefused, Unreachable
from market.protocol import FundingStamp
from market.quality import check_unit
from market.sources.exchange_stamps import stamped
from market.sources.funding import FundingHistory, funding_history, to_rate
from market.store.ranges import Stretch
from market.store.stamps import StampShelf
from market.store.store import Filled

FetchPayments = Callable[[int], Awaitable[Sequence[Any]]]
"""Payments from a moment (ms) on, oldest first."""
_HOUR_MS = 3_600_000
"""Payments fall due on full hours, on every venue that we know of; some are stamped a bit later."""
_USUAL_MS = 8 * _HOUR_MS
"""No venue pays more seldom: a longer time without payments is a hole."""
_SHOWN_AFTER_MS = 120_000
"""A payment that is older than this is in the answers."""


class PaymentHistory:
    """Funding payments of one perpetual, as far as they were asked for."""

    def __init__(
        self, fetch: FetchPayments, now: Callable[[], datetime], shelf: StampShelf | None = None
    ) -> None:
        self.shelf = shelf
        self._fetch = fetch
        self._now = now
        self._rates: dict[int, Decimal] = {}
        self._history = _history({})
        self._from_ms: int | None = None
        self._settled_ms = 0
        """Up to here the exchange has shown every payment."""
        self._quiet_ms = (0, 0)
        """Between when the next payment was told and when it falls due there is none."""
        self._lock = asyncio.Lock()

    async def covering(self, first_ms: int, last_ms: int) -> FundingHistory:
        """A history with every payment stamped from `first_ms` to `last_ms`, maybe more."""
        async with self._lock:
            stamps = self._history.stamps_ms
            if self._from_ms is None or first_ms < self._from_ms:
                await self._load(first_ms, last_ms)
                self._from_ms = first_ms
            elif not len(stamps) or last_ms >= int(stamps[-1]) + _HOUR_MS:
                since = int(stamps[-1]) + 1000 if len(stamps) else first_ms
                await self._load(since, last_ms)
            return self._history

    async def between(self, after: datetime, until: datetime) -> Sequence[FundingStamp]:
        """Payments with `after` < at <= `until`, oldest first.

        The exchange is asked only where one can have fallen due, and where it does not answer, its
        word on when the next one does is taken.

        Raises:
            PlangateError: no answer, and a payment may have been made.
        """
        first_ms, last_ms = to_ms(after), to_ms(until)
        if self._due_ms(first_ms) <= last_ms:
            try:
                await self.covering(first_ms, last_ms)
            except (Unreachable, AccessRefused):
                told_ms, next_ms = self._quiet_ms
                if not (told_ms < self._due_ms(first_ms) and last_ms < next_ms):
                    raise
        return self._history.between(after, until)

    def tell_next(self, due_ms: int) -> None:
        """Take the exchange's word, given now, that the next payment falls due then."""
        told_ms, known_ms = self._quiet_ms
        self._quiet_ms = told_ms if due_ms == known_ms else to_ms(self._now()), due_ms

    def _due_ms(self, first_ms: int) -> int:
        """The first full hour whose payment is not told, and may be stamped after a moment."""
        known_ms, stamps = self._settled_ms, self._history.stamps_ms
        if self._from_ms is None or first_ms < self._from_ms:
            known_ms = 0
        elif len(stamps):
            known_ms = max(known_ms, int(stamps[-1]))
        return (max(first_ms - _SHOWN_AFTER_MS, known_ms) // _HOUR_MS + 1) * _HOUR_MS

    async def fill(
        self, asked: Sequence[Stretch], at: Callable[[], datetime]
    ) -> AsyncIterator[Filled]:
        """As `CandleHistory.fill`."""
        assert self.shelf is not None  # noqa: S101  # without a store there is nothing to fill
        for one in asked:
            async for rates, covered in self._pages(one):
                kept = self.shelf.keep(rates, covered, at())
                yield Filled(Stretch(one.start, covered.end), kept)

    async def _load(self, first_ms: int, last_ms: int) -> None:
        asked = Stretch(first_ms, last_ms + 1)
        begun_ms = to_ms(self._now())
        found = await stamped(asked, self._pages, self._now, self.shelf)
        if found.keys() - self._rates.keys():
            self._rates |= found
            self._history = _history(self._rates)
        self._settled_ms = max(self._settled_ms, min(last_ms, begun_ms - _SHOWN_AFTER_MS))

    async def _pages(self, asked: Stretch) -> AsyncIterator[tuple[dict[int, Decimal], Stretch]]:
        """Answers about a stretch: rates by whole seconds, and what each settles."""
        since = asked.start
        while since < asked.end:
            answer = [row for row in await self._fetch(since) if row["fundingRate"] is not None]
            check_unit(np.array([row["timestamp"] for row in answer], np.int64), where="funding")
            page = [row for row in answer if row["timestamp"] >= since]
            if not page:
                return
            rates: dict[int, Decimal] = {}
            for row in page:  # of payments within one second the first is the one that was paid
                stamp = row["timestamp"]
                rates.setdefault(stamp // 1000 * 1000, to_rate(row["fundingRate"], stamp))
            first, last = min(rates), max(rates)
            newest = last >= to_ms(self._now()) - 2 * _USUAL_MS
            # As with candles: an exchange may answer with its newest ones, whatever was asked.
            start = first if newest and first > since + _USUAL_MS else since
            yield rates, Stretch(start, last + 1000)
            if len(page) < 2:
                return
            since = max(since, last + 1000)


def _history(rates: dict[int, Decimal]) -> FundingHistory:
    stamps = sorted(rates)
    return funding_history(np.array(stamps, np.int64), [rates[stamp] for stamp in stamps])
