"""What `plangate data sync` does, without its screen: the store is filled, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from app.clock import SystemClock
from app.data_import import import_source
from app.data_options import SyncOptions
from app.data_watching import SyncView
from app.data_words import series_words, stretch_words
from domain.candles import Timeframe
from domain.clock import from_ms, iso, to_ms
from domain.errors import ConfigError, DataError, Unreachable
from market.sources.exchange import ExchangeSource
from market.sources.files import FilesSource
from market.sources.ib import IbSource
from market.sources.open import make_source
from market.store.candles import CandleShelf
from market.store.ranges import Stretch, without
from market.store.stamps import StampShelf
from market.store.store import Filled, Kept, MarketStore, SeriesKey

PATIENCE_S = 900.0
"""A source that wants to be left alone for longer is left alone: the command ends."""


class Fillable(Protocol):
    """A history that can put what it is told into the store."""

    def fill(self, asked: Sequence[Stretch], at: Callable[[], datetime]) -> AsyncIterator[Filled]:
        """Ask for each stretch."""
        ...


async def sync(options: SyncOptions, store: MarketStore, view: SyncView) -> dict[str, Any]:
    """Fetch what the store lacks of what was asked; what is committed stays, whatever happens.

    Raises:
        PlangateError: naming what is wrong.
    """
    if options.start is not None and options.start >= SystemClock().now():
        raise ConfigError(f"--from {iso(options.start)} lies in the future; nothing is there yet")
    source = make_source(
        options.market,
        clock=SystemClock(),
        base_url=options.market_url,
        present=SystemClock().now(),
        store=store,
        keep_as=options.keep_as,
    )
    try:
        if isinstance(source, FilesSource):
            await source.open(options.symbols or source.symbols())
            done = import_source(source, options, store, view)
        elif isinstance(source, ExchangeSource | IbSource):
            await source.open(options.symbols)
            done = await _Fetching(source, options, store, view).all()
        else:
            raise ConfigError(f"market {options.market!r} cannot be synchronised")
    finally:
        await source.close()
    return {
        "schema": "plangate.data_sync/1",
        "market": options.market,
        "name": done[0]["name"] if done else options.keep_as,
        "series": done,
    }


class _Fetching:
    """One run over the symbols and timeframes of an exchange or a gateway."""

    def __init__(
        self,
        source: ExchangeSource | IbSource,
        options: SyncOptions,
        store: MarketStore,
        view: SyncView,
    ) -> None:
        self._source = source
        self._options = options
        self._store = store
        self._view = view

    async def all(self) -> list[dict[str, Any]]:
        done = []
        for symbol in self._options.symbols:
            for timeframe in self._options.timeframes:
                done.append(await self._candles(symbol, timeframe))
            payments, interest = self._source.payments(symbol), self._source.interest(symbol)
            if payments is not None and payments.shelf is not None:
                done.append(await self._stamped(payments, payments.shelf))
            if interest is not None and interest.shelf is not None:
                done.append(await self._interest(interest, interest.shelf))
        return done

    async def _candles(self, symbol: str, timeframe: Timeframe) -> dict[str, Any]:
        history = self._source.history(symbol, timeframe)
        shelf = history.shelf
        if history.timeframe is not timeframe or shelf is None:
            raise ConfigError(
                f"{self._source.info.name} has no {timeframe} candles of its own; "
                f"synchronise {history.timeframe}: they are made from those"
            )
        closed, length = history.end_of_closed(), timeframe.ms
        start = self._start(shelf.key)
        last = to_ms(self._options.end) if self._options.end else closed
        whole = Stretch(-(-start // length) * length, min(last // length * length, closed))
        kept, asked = await self._fill(history, self._asked(shelf, whole), shelf.key, length)
        left = [one for one in shelf.missing(*whole) if one != Stretch(closed - length, closed)]
        return series_words(shelf.key, whole, asked, kept) | {
            "gaps": [stretch_words(gap) for gap in shelf.gaps() if _meet(gap, whole)],
            "unanswered": [stretch_words(one) for one in left],
        }

    async def _interest(self, history: Fillable, shelf: StampShelf) -> dict[str, Any]:
        """Few exchanges go far back: how far, is told, and what one refuses is no reason to end."""
        try:
            done = await self._stamped(history, shelf)
        except DataError as error:
            self._view.note(f"{shelf.key.symbol} open interest: {error}")
            done = series_words(shelf.key, Stretch(0, 0), [], Kept(0)) | {"gaps": []}
        whole = self._whole(shelf)
        left = [one for one in shelf.missing(*whole) if one.end < whole.end]
        return done | {"unanswered": [stretch_words(one) for one in left]}

    async def _stamped(self, history: Fillable, shelf: StampShelf) -> dict[str, Any]:
        whole = self._whole(shelf)
        asked = [whole] if self._options.again else shelf.missing(*whole)
        kept, asked = await self._fill(history, asked, shelf.key, 1000)
        return series_words(shelf.key, whole, asked, kept) | {"gaps": [], "unanswered": []}

    def _whole(self, shelf: StampShelf) -> Stretch:
        last = self._options.end or SystemClock().now()
        return Stretch(self._start(shelf.key), to_ms(last) // 1000 * 1000)

    def _start(self, key: SeriesKey) -> int:
        """Where to begin: as asked, or where any candle of the symbol was begun before."""
        if self._options.start is not None:
            return to_ms(self._options.start)
        same = [k for k in self._store.listed(key.source) if k.symbol == key.symbol]
        begun = [known[0].start for k in same if (known := self._store.coverage(k))]
        if not begun:
            raise ConfigError(
                f"the store has nothing of {key.symbol} yet: say where to begin, "
                "such as --from 2023-01-01"
            )
        return min(begun)

    def _asked(self, shelf: CandleShelf, whole: Stretch) -> list[Stretch]:
        if self._options.again:
            return [whole]
        gaps = [gap for gap in shelf.gaps() if _meet(gap, whole)] if self._options.refill else []
        return sorted([*shelf.missing(*whole), *gaps])

    async def _fill(
        self, history: Fillable, asked: list[Stretch], key: SeriesKey, unit_ms: int
    ) -> tuple[Kept, list[Stretch]]:
        """Fill it with the patience the source wants; nothing committed is asked again."""
        total = sum(one.end - one.start for one in asked) // unit_ms
        self._view.series(key, total, "candles" if unit_ms > 1000 else "seconds")
        kept, left = Kept(0), asked
        while True:
            try:
                async for done, page in history.fill(left, SystemClock().now):
                    kept += page
                    left = [rest for one in left for rest in without(one, [done])]
                    rest_count = sum(one.end - one.start for one in left) // unit_ms
                    self._view.advance(total - rest_count, page)
            except Unreachable as error:
                wait_s = error.retry_after_s
                if wait_s is None or wait_s > PATIENCE_S:
                    raise
                until = from_ms(to_ms(SystemClock().now()) + int(wait_s * 1000))
                self._view.note(f"{error}; going on at {iso(until)}")
                await asyncio.sleep(wait_s)
            else:
                return kept, asked


def _meet(one: Stretch, other: Stretch) -> bool:
    return one.start < other.end and other.start < one.end
