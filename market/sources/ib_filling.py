"""Bars of a stock put into the store: what the gateway tells today, for every session.

What is kept is adjusted as of the day of the asking. Where the newest kept bars come back divided
there was a split since, and all that is kept is asked for again: in the store are either the shares
of before, or those of today once that is done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import from_ms, to_ms
from market.cleaning import COLUMNS, clean
from market.sources.ib_history import SIZES, to_series
from market.sources.ib_shares import SPLIT_ABOVE, FetchBars
from market.store.candles import CandleShelf
from market.store.ranges import Stretch
from market.store.store import Filled

COMPARED_BARS = 3


class StockFilling:
    """Closed bars of one contract and timeframe, from the gateway into the store.

    Args:
        timeframe: One that the gateway has.
        fetch: Bars of the contract.
        present: The gateway's present.
        where: For messages.
        shelf: Where they are kept.
    """

    def __init__(
        self,
        timeframe: Timeframe,
        fetch: FetchBars,
        present: Callable[[], datetime],
        where: str,
        shelf: CandleShelf | None,
    ) -> None:
        self.timeframe = timeframe
        self.shelf = shelf
        self._fetch = fetch
        self._present = present
        self._where = where

    def end_of_closed(self) -> int:
        """Where the bar that is forming opened, by the gateway's own time."""
        return to_ms(self._present()) // self.timeframe.ms * self.timeframe.ms

    async def fill(
        self, asked: Sequence[Stretch], at: Callable[[], datetime]
    ) -> AsyncIterator[Filled]:
        """As `CandleHistory.fill`; after a split for all that is kept, first."""
        assert self.shelf is not None  # noqa: S101  # without a store there is nothing to fill
        again = self.shelf.coverage() if await self._was_split(self.shelf) else []
        for one in (*again, *asked):
            start = one.start
            while start < one.end:
                end = min(one.end, start + SIZES[self.timeframe][1] * Timeframe.D1.ms)
                page = Stretch(start, end)
                yield Filled(page, self.shelf.keep(await self._bars(page), page, at()))
                start = end

    async def _was_split(self, shelf: CandleShelf) -> bool:
        kept = shelf.last(COMPARED_BARS)
        if not len(kept):
            return False
        whole = Stretch(int(kept.open_ms[0]), int(kept.open_ms[-1]) + self.timeframe.ms)
        now = await self._bars(whole)
        _, ours, theirs = np.intersect1d(kept.open_ms, now.open_ms, return_indices=True)
        ratios = kept.close[ours] / now.close[theirs]
        return bool(len(ratios)) and abs(float(np.median(ratios)) - 1) >= SPLIT_ABOVE

    async def _bars(self, one: Stretch) -> Series:
        """Those that open within the stretch, mended."""
        end = from_ms(one.end)
        rows = await self._fetch(end, -((from_ms(one.start) - end) // timedelta(days=1)))
        raw = to_series(self.timeframe, rows)
        first, stop = np.searchsorted(raw.open_ms, (one.start, one.end))
        table = [getattr(raw, name)[first:stop] for name in COLUMNS]
        part = Series(self.timeframe, *table)
        return clean(part, where=self._where, beside=len(raw)) if len(part) else part
