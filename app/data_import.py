"""A folder of files into the store, under a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.clock import SystemClock
from app.data_options import SyncOptions
from app.data_watching import SyncView
from app.data_words import series_words, stretch_words
from domain.candles import Candles, Series
from domain.numbers import to_decimal
from domain.quality import Defect
from market.sources.files import FilesSource
from market.store.candles import COLUMNS, CandleShelf
from market.store.ranges import Stretch
from market.store.stamps import StampKind, StampShelf
from market.store.store import Kept, MarketStore

ROWS = 50_000
"""Candles kept in one transaction."""


def import_source(
    source: FilesSource, options: SyncOptions, store: MarketStore, view: SyncView
) -> list[dict[str, Any]]:
    """Everything of the opened symbols, but for a newest candle that may have been forming.

    Files of the wild end with one, and nothing in them tells: a candle is settled by the one that
    follows it, here as on an exchange. What `plangate data export` writes says that it is settled.
    """
    name = options.keep_as or source.info.name
    done = []
    for symbol in dict.fromkeys(options.symbols or source.symbols()):
        market = source.market(symbol)
        store.see_instrument(name, market.instrument, SystemClock().now())
        given = {market.base.timeframe: market.base, **market.given}
        for timeframe, series in sorted(given.items(), key=lambda item: item[0].seconds):
            if not options.timeframes or timeframe in options.timeframes:
                shelf = CandleShelf(store, name, market.instrument.symbol, timeframe)
                known = source.is_settled(symbol, timeframe)
                done.append(_candles(shelf, _chosen(series, options, is_settled=known), view))
        for kind, values in _stamps(source, symbol):
            stamps = StampShelf(store, name, market.instrument.symbol, kind)
            covered = Stretch(min(values), max(values) + 1000)
            view.series(stamps.key, len(values), kind)
            kept = stamps.keep(values, covered, SystemClock().now())
            view.advance(len(values), kept)
            words = series_words(stamps.key, covered, [covered], kept)
            done.append(words | {"gaps": [], "unanswered": []})
    return done


def _chosen(series: Series, options: SyncOptions, *, is_settled: bool) -> Series:
    """What lies between --from and --to, and was not forming any more."""
    whole = is_settled or any(flaw.defect is Defect.UNCLOSED for flaw in series.flaws)
    settled = Candles(series, 0, len(series) if whole else max(0, len(series) - 1))
    window = settled.since(options.start) if options.start else settled
    window = window.until(options.end) if options.end else window
    columns = (getattr(window, name) for name in COLUMNS)
    return Series(series.timeframe, window.open_ms, *columns, flaws=series.flaws)


def _candles(shelf: CandleShelf, series: Series, view: SyncView) -> dict[str, Any]:
    view.series(shelf.key, len(series), "candles")
    kept, length = Kept(0), series.timeframe.ms
    opens = series.open_ms
    for row in range(0, len(series), ROWS):
        stop = min(row + ROWS, len(series))
        columns = (getattr(series, name)[row:stop] for name in COLUMNS)
        end = int(opens[stop]) if stop < len(series) else int(opens[-1]) + length
        page = shelf.keep(
            Series(series.timeframe, opens[row:stop], *columns, flaws=() if row else series.flaws),
            Stretch(int(opens[row]), end),
            SystemClock().now(),
        )
        kept += page
        view.advance(stop, page)
    whole = Stretch(int(opens[0]), int(opens[-1]) + length) if len(series) else Stretch(0, 0)
    return series_words(shelf.key, whole, [whole], kept) | {
        "gaps": [stretch_words(gap) for gap in shelf.gaps()],
        "unanswered": [],
    }


def _stamps(source: FilesSource, symbol: str) -> Iterator[tuple[StampKind, dict[int, Any]]]:
    market = source.market(symbol)
    if market.funding is not None and len(market.funding.stamps_ms):
        yield (
            "funding",
            dict(zip(market.funding.stamps_ms.tolist(), market.funding.rates, strict=True)),
        )
    if market.open_interest is not None and len(market.open_interest.stamps_ms):
        counted = market.open_interest
        values = [to_decimal(float(value)) for value in np.asarray(counted.values)]
        yield "open_interest", dict(zip(counted.stamps_ms.tolist(), values, strict=True))
