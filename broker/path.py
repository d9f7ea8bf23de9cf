"""Keeps the price path of every position, from its entry to its exit.

It only looks: what it keeps is for the record, and no order depends on it. A source that does not
answer is asked again when the next bar has closed. A position that was closed while nobody looked
gets the rest of its path later: a plan says whether its path is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.candles import Candles, Timeframe
from domain.clock import from_ms
from domain.errors import MARKET_FAILURES
from domain.numbers import to_decimal
from domain.orders import Fill
from domain.plan import Side
from journal.books import Journal
from journal.paths import PathBar, bar_of_entry, bar_of_exit, bucketed
from journal.walked import Unwalked
from market.protocol import MarketSource


@dataclass
class _Walk:
    """How far one path is kept."""

    side: Side
    entered: datetime
    """Open of the base bar of the first fill."""
    last: PathBar | None
    """The newest bucket."""
    asked: datetime | None = None
    """Bars that close up to here were asked for."""


class PathKeeper:
    """Follows the price of what is held."""

    def __init__(self, journal: Journal, source: MarketSource, timeframe: Timeframe) -> None:
        self._journal = journal
        self._source = source
        self._timeframe = timeframe
        self._walks: dict[str, _Walk] = {}

    async def keep(self, until: datetime) -> None:
        """Keep every path up to the newest bar that is closed at `until`.

        The source is asked once per closed base bar and position, however often this is called.
        """
        end = self._source.info.base_timeframe.floor(until)
        for plan in self._journal.unwalked():
            walk = self._walks.get(plan.plan_id) or self._begin(plan.plan_id)
            if walk is None or (walk.asked is not None and walk.asked >= end):
                continue
            try:
                await self._go_on(plan, walk, end)
            except MARKET_FAILURES:
                continue
            finally:
                walk.asked = end

    def _begin(self, plan_id: str) -> _Walk | None:
        """Where a path stands; None while an exit is told and no entry."""
        fills = self._fills(plan_id)
        if not fills or fills[0].leg != "entry":
            return None
        side: Side = "long" if fills[0].side == "buy" else "short"
        last = self._journal.path(plan_id)[-1:]
        entered = self._source.info.base_timeframe.floor(fills[0].at)
        walk = self._walks[plan_id] = _Walk(side, entered, last[0] if last else None)
        return walk

    def _fills(self, plan_id: str) -> list[Fill]:
        """In the order of time: they may be told in any other."""
        return sorted(self._journal.plan_fills(plan_id), key=lambda f: (f.at, f.leg != "entry"))

    async def _go_on(self, plan: Unwalked, walk: _Walk, end: datetime) -> None:
        base = self._source.info.base_timeframe
        fills = self._fills(plan.plan_id) if plan.closed or not walk.last else []
        left = base.floor(fills[-1].at) if plan.closed else None
        if left is not None and walk.last is not None and walk.last.until > left:
            walk.last = None  # closed earlier than was known: bars after the exit do not count
        anew, begins = walk.last is None, walk.last.until if walk.last else walk.entered
        ends = end if left is None else min(end, left)
        bars: list[PathBar] = []
        if begins < ends:
            candles = await self._source.bars_after(plan.symbol, begins, ends)
            bars = [_counted(bar, walk, fills, base) for bar in _bars(candles)]
        done = left is not None and left < end
        if left is not None and done:
            paid = [fill.price for fill in fills if base.floor(fill.at) == left]
            bars.append(bar_of_exit(left, left + base.delta, paid))
        if not bars:
            return
        buckets = bucketed(bars, self._timeframe, walk.last)
        self._journal.keep_path(plan.plan_id, buckets, anew=anew, done=done)
        walk.last = buckets[-1]
        if done:
            del self._walks[plan.plan_id]


def _bars(candles: Candles) -> list[PathBar]:
    length = candles.timeframe.delta
    return [
        PathBar(
            from_ms(open_ms),
            from_ms(open_ms) + length,
            to_decimal(float(candles.high[index])),
            to_decimal(float(candles.low[index])),
            to_decimal(float(candles.close[index])),
        )
        for index, open_ms in enumerate(candles.open_ms.tolist())
    ]


def _counted(bar: PathBar, walk: _Walk, fills: Sequence[Fill], base: Timeframe) -> PathBar:
    """A bar before that of the exit, as far as it counts."""
    if bar.at != walk.entered:
        return bar
    paid = [f.price for f in fills if base.floor(f.at) == bar.at]
    return bar_of_entry(bar, walk.side, paid)
