"""Open interest over time of an exchange: read from the store, fetched where it has nothing.

Exchanges keep little of it (Binance 30 days) and refuse, or answer with nothing, what is older. So
it is asked for backwards, from the newest, until there is no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from domain.candles import Timeframe
from domain.clock import from_ms, iso, to_ms
from domain.errors import DataError
from domain.numbers import to_decimal
from market.protocol import INTEREST_TOLD_AFTER
from market.quality import check_unit
from market.sources.exchange_stamps import stamped
from market.store.ranges import Stretch, joined, without
from market.store.stamps import StampShelf
from market.store.store import Filled

PERIOD = Timeframe.H1
"""Hourly: the one period that every exchange with a history of it tells."""
_PERIOD_MS = PERIOD.ms
ROWS = 200
"""The most that all of them give at once."""
_SHORTEST_MS = Timeframe.D1.ms
"""Where a day has nothing, what is older has nothing."""

FetchWindow = Callable[[int, int], Awaitable[Sequence[Mapping[str, Any]]]]
"""Rows of ccxt from one moment until another (ms), both included."""


class InterestHistory:
    """Open interest of one perpetual, in base, as far as it was asked for.

    Args:
        fetch: What asks the exchange.
        size: Base in one contract.
        now: The exchange's time.
        shelf: Where it is kept.
    """

    def __init__(
        self,
        fetch: FetchWindow,
        size: Decimal,
        now: Callable[[], datetime],
        shelf: StampShelf | None = None,
    ) -> None:
        self.shelf = shelf
        self._fetch = fetch
        self._size = size
        self._now = now
        self._values: dict[int, Decimal] = {}
        self._asked: list[Stretch] = []
        self._lock = asyncio.Lock()

    async def at(self, as_of: datetime) -> Decimal | None:
        """The newest value told at or before `as_of`; None where none of the last two hours is.

        What was asked in vain is not asked again by this process.
        """
        end = to_ms(as_of - INTEREST_TOLD_AFTER) + 1
        recent = Stretch(end - 2 * _PERIOD_MS, end)
        async with self._lock:
            for one in without(recent, self._asked):
                await self._load(Stretch(min(one.start, end - ROWS * _PERIOD_MS), one.end))
        stamps = [stamp for stamp in self._values if recent.start <= stamp < end]
        return self._values[max(stamps)] if stamps else None

    async def fill(
        self, asked: Sequence[Stretch], at: Callable[[], datetime]
    ) -> AsyncIterator[Filled]:
        """As `CandleHistory.fill`."""
        assert self.shelf is not None  # noqa: S101  # without a store there is nothing to fill
        for one in asked:
            async for values, covered in self._pages(one):
                kept = self.shelf.keep(values, covered, at())
                yield Filled(Stretch(covered.start, one.end), kept)

    async def _load(self, asked: Stretch) -> None:
        self._values |= await stamped(asked, self._pages, self._now, self.shelf)
        self._asked = joined([*self._asked, asked])

    async def _pages(self, asked: Stretch) -> AsyncIterator[tuple[dict[int, Decimal], Stretch]]:
        """Answers about a stretch, the newest first, and what each settles."""
        end, width = asked.end, ROWS * _PERIOD_MS
        while end > asked.start:
            start = max(asked.start, end - width)
            values = await self._window(start, end)
            if values:
                first, last = min(values), max(values)
                start = start if first < start + _PERIOD_MS else first
                yield values, Stretch(start, end if end <= last + _PERIOD_MS else last + 1)
                end = start
            elif end - start <= _SHORTEST_MS:
                return
            else:
                width = (end - start) // 2

    async def _window(self, start: int, end: int) -> dict[int, Decimal]:
        """What the exchange has of a window; nothing where it refuses one of the past.

        Raises:
            DataError: it refuses one of the present, or what it says is no open interest.
        """
        try:
            answer = await self._fetch(start, end - 1)
        except DataError:
            if end > to_ms(self._now()) - _SHORTEST_MS:
                raise
            return {}
        rows = [row for row in answer if row.get("openInterestAmount") is not None]
        stamps = np.array([row["timestamp"] for row in rows], np.int64)
        check_unit(stamps, where="open interest")
        return {
            int(row["timestamp"]): _amount(row) * self._size
            for row in rows
            if start <= row["timestamp"] < end
        }


def _amount(row: Mapping[str, Any]) -> Decimal:
    """Open contracts.

    Raises:
        DataError: there cannot be so many.
    """
    said = row["openInterestAmount"]
    try:
        amount = to_decimal(said)
    except (TypeError, ValueError, ArithmeticError):
        amount = Decimal(-1)
    if amount < 0:
        raise DataError(
            f"open interest of {iso(from_ms(int(row['timestamp'])))} is {said!r}, was expected to "
            "be a finite number at or above 0"
        )
    return amount
