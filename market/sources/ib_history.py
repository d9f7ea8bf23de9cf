"""Bars of a stock, fetched in pages and kept, in the shares that the session counts in.

After a split all that the gateway tells is multiplied back (`market.sources.ib_shares`), so that
there is no jump in the candles that nobody traded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import from_ms, to_ms
from domain.errors import DataError
from domain.quality import Defect, Flaw
from market.cleaning import clean, closed_only, joined
from market.sources.ib_shares import FRESH, SPLIT_ABOVE, FetchBars, Shares, stamp_ms

SIZES = {
    Timeframe.M1: ("1 min", 7),
    Timeframe.M5: ("5 mins", 30),
    Timeframe.M15: ("15 mins", 30),
    Timeframe.M30: ("30 mins", 30),
    Timeframe.D1: ("1 day", 365),
}
"""Bars that begin on our grid, and how many days of them one request may ask for.

Hours of a stock begin at half past: longer bars than 30 minutes are made here. Source:
https://ibkrcampus.com/campus/ibkr-api-page/twsapi-doc/#hist-step-size
"""
LEAST_OVERLAP_BARS = 3


class StockHistory:
    """Closed bars of one contract and timeframe, as far as they were asked for."""

    def __init__(
        self,
        timeframe: Timeframe,
        fetch: FetchBars,
        shares: Shares,
        now: Callable[[], datetime],
        where: str,
    ) -> None:
        self._timeframe = timeframe
        self._fetch = fetch
        self._shares = shares
        self._now = now
        self._where = where
        self._series = _series(timeframe, np.empty((0, 6)))
        self._from_ms: int | None = None
        self._asked_until = 0
        self._lock = asyncio.Lock()

    async def covering(self, first_ms: int, last_ms: int) -> Series:
        """A series with every closed bar that opens in the range; maybe more on both sides.

        Raises:
            DataError: what the gateway answered contradicts itself.
        """
        async with self._lock:
            closed_ms = to_ms(self._now()) - self._timeframe.ms
            last_ms = min(last_ms, closed_ms)
            if self._from_ms is None:
                await self._read(first_ms, last_ms)
                self._from_ms, self._asked_until = first_ms, last_ms + self._timeframe.ms
            elif first_ms < self._from_ms:
                await self._read(first_ms, self._from_ms)
                self._from_ms = first_ms
            if last_ms >= self._asked_until:
                await self._read(self._overlap_ms(), last_ms)
                self._asked_until = last_ms + self._timeframe.ms
            return self._series

    def _overlap_ms(self) -> int:
        """Where to read on: some bars back, because only bars seen before can show a split."""
        opens = self._series.open_ms
        if len(opens):
            return int(opens[-min(LEAST_OVERLAP_BARS, len(opens))])
        return self._asked_until

    async def _read(self, first_ms: int, last_ms: int) -> None:
        """Page by page backwards, as the gateway answers: by the end and a number of days."""
        end = from_ms(last_ms) + self._timeframe.delta
        begin, most = from_ms(first_ms), SIZES[self._timeframe][1]
        rows: list[tuple[Any, ...]] = []
        while end > begin:
            days = min(most, (end - begin) // timedelta(days=1) + 1)
            rows = [*await self._fetch(end, days), *rows]
            end -= timedelta(days=days)
        if rows:
            await self._keep(rows)

    async def _keep(self, rows: Sequence[tuple[Any, ...]]) -> None:
        raw = to_series(self._timeframe, rows)
        fresh = clean(
            closed_only(await self._in_our_shares(raw), self._now()),
            where=self._where,
            beside=len(self._series),
        )
        self._series = joined(self._series, fresh)

    async def _in_our_shares(self, raw: Series) -> Series:
        """The bars as the session counts.

        Raises:
            DataError: they contradict what was told before, and no split explains it yet.
        """
        count = await (self._shares.count() if len(self._series) else self._shares.count(FRESH))
        if self._jumps(raw, count):
            count = await self._shares.count(timedelta(0))
        if self._jumps(raw, count):
            raise DataError(
                f"{self._where}: bars that were told before have changed, and its days have not; "
                "the gateway may be about to adjust those for a split: if it lasts, start again"
            )
        return _times(raw, count)

    def _jumps(self, raw: Series, count: float) -> bool:
        """Whether what is told twice differs as it does over a split: all of it, not a bar."""
        _, kept, told = np.intersect1d(self._series.open_ms, raw.open_ms, return_indices=True)
        if not len(kept):
            return False
        ratios = self._series.close[kept] / (raw.close[told] * count)
        return bool(abs(float(np.median(ratios)) - 1) >= SPLIT_ABOVE)


def _times(raw: Series, count: float) -> Series:
    if count == 1.0:
        return raw
    prices = (raw.open * count, raw.high * count, raw.low * count, raw.close * count)
    flaws = (Flaw(Defect.REVISED, "replaced", raw.open_ms.copy()),)
    return Series(raw.timeframe, raw.open_ms.copy(), *prices, raw.volume / count, flaws=flaws)


def to_series(timeframe: Timeframe, rows: Sequence[tuple[Any, ...]]) -> Series:
    """The gateway's rows as they came, oldest first, each once."""
    table = np.array([[stamp_ms(row[0]), *row[1:6]] for row in rows], dtype=np.float64)
    table = table.reshape(-1, 6)
    _, first = np.unique(table[:, 0], return_index=True)
    return _series(timeframe, table[first])


def _series(timeframe: Timeframe, table: Any) -> Series:
    return Series(
        timeframe, table[:, 0].astype(np.int64), *(table[:, n].copy() for n in range(1, 6))
    )
