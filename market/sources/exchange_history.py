"""Candles and funding of an exchange: read from the store, fetched where the store has nothing.

A page may reach past the moment that is asked about; what was known then is cut out by the caller
with `Candles.until`, as everywhere. A candle is settled, and goes into the store, only once the
exchange itself shows a later one: until then our clock might be ahead of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import to_ms
from market.cleaning import COLUMNS, clean, closed_only, joined
from market.quality import check_unit
from market.store.candles import CandleShelf
from market.store.ranges import Stretch, without
from market.store.ranges import joined as stretches_joined
from market.store.store import Filled

PAGE = 1000
"""Candles or payments asked for in one request, at most."""
REREAD_CANDLES = 3
"""What follows is asked for from so many candles before: exchanges mend their newest ones."""
_FAR_CANDLES = 20 * PAGE
"""A request that far from what is kept starts anew instead of filling the distance."""

FetchPage = Callable[[int, int], Awaitable[Sequence[Any]]]
"""Rows from a moment (ms) on, oldest first, at most so many."""


class _Page(NamedTuple):
    """One answer."""

    candles: Series
    """Closed ones, mended."""
    covered: Stretch
    """What it settles: in there, no row means no candle."""


class CandleHistory:
    """Closed candles of one symbol and timeframe, as far as they were asked for."""

    def __init__(
        self,
        timeframe: Timeframe,
        fetch: FetchPage,
        now: Callable[[], datetime],
        where: str,
        shelf: CandleShelf | None = None,
    ) -> None:
        self.timeframe = timeframe
        self.shelf = shelf
        self._fetch = fetch
        self._now = now
        self._where = where
        self._series = _series(timeframe, np.empty((0, 6)))
        self._held: Stretch | None = None
        """What of the series' time was asked for."""
        self._lock = asyncio.Lock()

    async def covering(self, first_ms: int, last_ms: int) -> Series:
        """A series with every closed candle that opens from `first_ms` to `last_ms`.

        It may hold more on both sides, and less where the exchange has no candle. The same object
        is returned until something new was learnt.

        Raises:
            DataError: what the exchange answered contradicts itself.
        """
        async with self._lock:
            length = self.timeframe.ms
            start = -(-first_ms // length) * length
            end = min((last_ms // length + 1) * length, self.end_of_closed())
            held = self._held
            if held is None or self._is_far(held, start, end):
                self._series = _series(self.timeframe, np.empty((0, 6)))
                held = Stretch(start, start)
            elif start < held.start:
                await self._load(start, held.start)
                held = Stretch(start, held.end)
            if end > held.end:
                held = Stretch(held.start, max(held.end, await self._load(held.end, end)))
            self._held = held
            return self._series

    async def fill(
        self, asked: Sequence[Stretch], at: Callable[[], datetime]
    ) -> AsyncIterator[Filled]:
        """Ask for each stretch and put what is answered into the store, not into memory.

        Args:
            asked: On the timeframe's grid; whatever is stored there already is compared.
            at: The moment to note as the answer's.
        """
        assert self.shelf is not None  # noqa: S101  # without a store there is nothing to fill
        for one in asked:
            async for page in self._pages(one):
                kept = self.shelf.keep(*self._settled(page), at())
                yield Filled(Stretch(one.start, page.covered.end), kept)

    async def page(self, since_ms: int) -> Series:
        """One page as the exchange gives it now, closed candles only, kept nowhere."""
        rows = [row for row in await self._fetch(since_ms, PAGE) if row[0] >= since_ms]
        return self._closed(rows) if rows else _series(self.timeframe, np.empty((0, 6)))

    def end_of_closed(self) -> int:
        """Where the candle that is forming opened, by the exchange's own time."""
        return to_ms(self._now()) // self.timeframe.ms * self.timeframe.ms

    def _is_far(self, held: Stretch, start: int, end: int) -> bool:
        reach = _FAR_CANDLES * self.timeframe.ms
        return end < held.start - reach or start > held.end + reach

    async def _load(self, start: int, end: int) -> int:
        """Take in the candles of a stretch; returns how far, without a hole, it is settled now."""
        asked = Stretch(start, end)
        known = [] if self.shelf is None else self.shelf.coverage()
        for one in without(asked, known):
            reached = one.start
            async for page in self._pages(one):
                self._take(page.candles)
                if self.shelf is not None:
                    self.shelf.keep(*self._settled(page), self._now())
                reached = max(reached, page.covered.end)
            # For this process also what the store does not take for an answer: once is enough.
            known = stretches_joined([*known, Stretch(one.start, reached)])
        settled = next((one.end for one in known if one.start <= start < one.end), start)
        if self.shelf is not None:
            # Read ahead as far as a page would, so that a replay reads the store once in a while.
            settled = min(settled, end + PAGE * self.timeframe.ms)
            self._take(self.shelf.between(start, max(settled, end)))
        return settled

    async def _pages(self, asked: Stretch) -> AsyncIterator[_Page]:
        """Answers about a stretch, each beginning with the last row of the one before it."""
        since = asked.start
        if self._is_known(asked.start - self.timeframe.ms):
            since -= REREAD_CANDLES * self.timeframe.ms
        present = self.end_of_closed()
        while True:
            answer = await self._fetch(since, self._rows_until(asked.end, since, present))
            check_unit(np.array([row[0] for row in answer], np.int64), where=self._where)
            rows = [row for row in answer if row[0] >= since]
            begun = sorted(int(row[0]) for row in rows if row[0] <= present)
            if not begun:
                if rows:
                    yield _Page(self._closed(rows), Stretch(since, since))
                return
            first, last = begun[0], begun[-1]
            # An exchange that keeps only its newest candles answers with those, whatever was asked:
            # that none came before them is then not what it said.
            start = first if last >= present - self.timeframe.ms else since
            yield _Page(self._closed(rows), Stretch(start, max(start, last)))
            reached = last >= asked.end - self.timeframe.ms and asked.end >= present
            if last <= since or last >= asked.end or reached:
                return
            since = last

    def _rows_until(self, end: int, since: int, present: int) -> int:
        """How many rows to ask for: no more than there are, since exchanges count what is asked.

        Of the past a whole page, so that a replay that moves on does not ask at every step.
        """
        there = (present - since) // self.timeframe.ms + 1
        return PAGE if end < present else max(1, min(PAGE, there))

    def _is_known(self, open_ms: int) -> bool:
        if self.shelf is not None:
            return self.shelf.reach(open_ms) > open_ms
        return self._held is not None and self._held.start <= open_ms < self._held.end

    def _closed(self, rows: Sequence[Any]) -> Series:
        """What an answer says of closed candles, mended."""
        raw = _series(self.timeframe, np.array([row[:6] for row in rows], dtype=np.float64))
        closed = closed_only(raw, self._now())
        return clean(closed, where=self._where, beside=len(self._series)) if len(closed) else closed

    def _settled(self, page: _Page) -> tuple[Series, Stretch]:
        """What of a page may be kept for good: all but its last candle."""
        stop = int(np.searchsorted(page.candles.open_ms, page.covered.end))
        columns = (getattr(page.candles, name)[:stop] for name in COLUMNS)
        return Series(self.timeframe, *columns, flaws=page.candles.flaws), page.covered

    def _take(self, fresh: Series) -> None:
        """Take candles into memory; the series stays the same object where they are no news."""
        if len(fresh):
            whole = joined(self._series, fresh)
            if not _same(whole, self._series):
                self._series = whole


def _same(one: Series, other: Series) -> bool:
    columns = all(np.array_equal(getattr(one, n), getattr(other, n)) for n in COLUMNS)
    flaws = [[(f.defect, f.at_ms.tolist()) for f in series.flaws] for series in (one, other)]
    return columns and flaws[0] == flaws[1]


def _series(timeframe: Timeframe, rows: np.ndarray[Any, np.dtype[np.float64]]) -> Series:
    columns = [np.ascontiguousarray(rows[:, column]) for column in range(1, 6)]
    return Series(timeframe, rows[:, 0].astype(np.int64), *columns)
