"""A script's market as a source: its bars, its funding, its books."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broker.simulate.script import Script
from broker.simulate.words import BarRow
from domain.book import Level, OrderBook
from domain.candles import Series
from domain.clock import iso, to_ms
from domain.errors import DataError
from market.quality import check_series
from market.sources.funding import funding_history
from market.sources.recorded import RecordedMarket
from market.sources.scripted import ScriptedSource


async def source_of(script: Script) -> ScriptedSource:
    """The market of a script, opened.

    Raises:
        DataError: bars, payments or books that contradict themselves, naming the first.
    """
    markets = {symbol: _market(script, symbol) for symbol in script.instruments}
    books = {symbol: _books(script, symbol) for symbol in script.books}
    source = ScriptedSource(markets, books)
    await source.open(list(markets))
    return source


def _market(script: Script, symbol: str) -> RecordedMarket:
    series = _series(script, script.bars[symbol])
    check_series(series, where=f"bars of {symbol}", allow_gaps=True)
    funding = None
    if symbol in script.funding:
        stamps = [to_ms(script.moment(when)) for when, _ in script.funding[symbol]]
        if stamps != sorted(set(stamps)):
            raise DataError(f"funding of {symbol} was expected oldest first, each moment once")
        rates = [rate for _, rate in script.funding[symbol]]
        funding = funding_history(np.array(stamps, dtype=np.int64), rates)
    return RecordedMarket(script.instruments[symbol].named(symbol), series, funding=funding)


def _series(script: Script, rows: Sequence[BarRow]) -> Series:
    stamps = np.array([to_ms(script.moment(row[0])) for row in rows], dtype=np.int64)
    table = np.array([[float(number) for number in row[1:]] for row in rows], dtype=np.float64)
    return Series(script.timeframe, stamps, *(np.ascontiguousarray(c) for c in table.T))


def _books(script: Script, symbol: str) -> list[OrderBook]:
    books: list[OrderBook] = []
    for row in script.books[symbol]:
        at = script.moment(row.at)
        bids, asks = (tuple(Level(*level) for level in side) for side in (row.bids, row.asks))
        prices = [level.price for level in asks]
        down = [level.price for level in bids]
        if prices != sorted(set(prices)) or down != sorted(set(down), reverse=True):
            raise DataError(
                f"book of {symbol} at {iso(at)}: bids were expected from the highest down, asks "
                "from the lowest up, each price once"
            )
        if books and at <= books[-1].at:
            raise DataError(f"books of {symbol} were expected oldest first; {iso(at)} is not")
        books.append(OrderBook(at=at, origin="venue", bids=bids, asks=asks))
    return books
