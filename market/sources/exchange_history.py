"""Candles and funding of an exchange, fetched in pages and kept, so that nothing is fetched twice.

A page may reach past the moment that is asked about; what was known then is cut out by the caller
with `Candles.until`, as everywhere. A candle is kept only once the exchange itself shows a later
one: until then our clock might be ahead of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import to_ms
from market.cleaning import clean, closed_only, joined
from market.quality import check_unit
from market.sources.funding import FundingHistory, funding_history, to_rate

PAGE = 1000
"""Candles or payments asked for in one request."""
_FAR_CANDLES = 20 * PAGE
"""A request that far from what is kept starts anew instead of filling the distance."""
_HOUR_MS = 3_600_000

FetchPage = Callable[[int], Awaitable[Sequence[Any]]]
"""Rows from a moment (ms) on, oldest first, at most `PAGE`."""


class CandleHistory:
    """Closed candles of one symbol and timeframe, as far as they were asked for."""

    def __init__(
        self, timeframe: Timeframe, fetch: FetchPage, now: Callable[[], datetime], where: str
    ) -> None:
        self._timeframe = timeframe
        self._fetch = fetch
        self._now = now
        self._where = where
        self._series = _series(timeframe, np.empty((0, 6)))
        self._from_ms: int | None = None
        self._to_ms = 0
        self._lock = asyncio.Lock()

    async def covering(self, first_ms: int, last_ms: int) -> Series:
        """A series with every closed candle that opens from `first_ms` to `last_ms`.

        It may hold more on both sides, and less where the exchange has no candle. The same object
        is returned until something new was fetched.

        Raises:
            DataError: what the exchange answered contradicts itself.
        """
        async with self._lock:
            last_ms = min(last_ms, to_ms(self._now()) - self._timeframe.ms)
            if self._from_ms is None or self._is_far(first_ms, last_ms):
                self._series = _series(self._timeframe, np.empty((0, 6)))
                self._from_ms, self._to_ms = first_ms, first_ms - self._timeframe.ms
            elif first_ms < self._from_ms:
                self._keep(await self._pages(first_ms, self._from_ms - 1))
                self._from_ms = first_ms
            if last_ms > self._to_ms:
                rows = await self._pages(self._to_ms + self._timeframe.ms, last_ms)
                self._keep(rows)
                self._to_ms = max([self._to_ms, *self._begun(rows)[-2:-1]])
            return self._series

    def _is_far(self, first_ms: int, last_ms: int) -> bool:
        reach = _FAR_CANDLES * self._timeframe.ms
        before = self._from_ms is not None and last_ms < self._from_ms - reach
        return before or first_ms > self._to_ms + reach

    async def _pages(self, since_ms: int, last_ms: int) -> list[Any]:
        rows: list[Any] = []
        while since_ms <= last_ms:
            answer = await self._fetch(since_ms)
            check_unit(np.array([row[0] for row in answer], np.int64), where=self._where)
            page = [row for row in answer if row[0] >= since_ms]
            rows += page
            newest = self._begun(page)[-1:]
            if not newest:
                break
            since_ms = newest[0] + self._timeframe.ms
        return rows

    def _begun(self, rows: Sequence[Any]) -> list[int]:
        """Opens of the candles that have begun, ascending, each once."""
        now_ms = to_ms(self._now())
        return sorted({int(row[0]) for row in rows if row[0] <= now_ms})

    def _keep(self, rows: Sequence[Any]) -> None:
        if not rows:
            return
        raw = _series(self._timeframe, np.array([row[:6] for row in rows], dtype=np.float64))
        closed = closed_only(raw, self._now())
        if len(closed):
            fresh = clean(closed, where=self._where, beside=len(self._series))
            self._series = joined(self._series, fresh)


class FundingBook:
    """Funding payments of one perpetual, as far as they were asked for."""

    def __init__(self, fetch: FetchPage) -> None:
        self._fetch = fetch
        self._history = funding_history(np.empty(0, np.int64), ())
        self._from_ms: int | None = None
        self._lock = asyncio.Lock()

    async def covering(self, first_ms: int, last_ms: int) -> FundingHistory:
        """A history with every payment stamped from `first_ms` to `last_ms`, maybe more."""
        async with self._lock:
            stamps = self._history.stamps_ms
            if self._from_ms is None or first_ms < self._from_ms:
                self._from_ms = first_ms
                self._history = await self._read(first_ms, last_ms)
            elif not len(stamps) or last_ms >= int(stamps[-1]) + _HOUR_MS:
                since = int(stamps[-1]) if len(stamps) else first_ms
                self._history = _joined(self._history, await self._read(since, last_ms))
            return self._history

    async def _read(self, since_ms: int, last_ms: int) -> FundingHistory:
        rates: dict[int, Any] = {}
        while since_ms <= last_ms:
            answer = [row for row in await self._fetch(since_ms) if row["fundingRate"] is not None]
            check_unit(np.array([row["timestamp"] for row in answer], np.int64), where="funding")
            page = [row for row in answer if row["timestamp"] >= since_ms]
            for row in page:
                rates.setdefault(row["timestamp"], row["fundingRate"])
            if len(page) < 2:
                break
            since_ms = int(page[-1]["timestamp"]) + 1
        stamps = sorted(rates)
        return funding_history(
            np.array(stamps, np.int64), [to_rate(rates[stamp], stamp) for stamp in stamps]
        )


def _joined(older: FundingHistory, newer: FundingHistory) -> FundingHistory:
    fresh = newer.stamps_ms > (older.stamps_ms[-1] if len(older.stamps_ms) else 0)
    rates = [rate for rate, new in zip(newer.rates, fresh, strict=True) if new]
    return FundingHistory(
        np.concatenate([older.stamps_ms, newer.stamps_ms[fresh]]), (*older.rates, *rates)
    )


def _series(timeframe: Timeframe, rows: np.ndarray[Any, np.dtype[np.float64]]) -> Series:
    columns = [np.ascontiguousarray(rows[:, column]) for column in range(1, 6)]
    return Series(timeframe, rows[:, 0].astype(np.int64), *columns)
