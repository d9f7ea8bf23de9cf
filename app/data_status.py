"""What `plangate data status` and `verify` say of the store: every series, and every invariant."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from app.data_words import revision_words, stretch_words, timeframe_of
from domain.clock import from_ms, iso
from domain.errors import ConfigError, PlangateError
from domain.instrument import short_names
from market.quality import check_series
from market.relisting import relisted
from market.store.candles import CandleShelf
from market.store.ranges import Stretch, joined, without
from market.store.stamps import stamp_shelf
from market.store.store import MarketStore, SeriesKey


def chosen_keys(store: MarketStore, name: str | None, symbols: list[str] | None) -> list[SeriesKey]:
    """The series to look at.

    Raises:
        ConfigError: there is none of that name or symbol.
    """
    found = store.listed(name)
    wanted = [
        key for key in found if not symbols or {key.symbol, *short_names(key.symbol)} & set(symbols)
    ]
    if not wanted and (name or symbols):
        known = sorted({f"{key.source} {key.symbol}" for key in store.listed()})
        raise ConfigError(
            f"the store has nothing of {' '.join(filter(None, [name, *(symbols or [])]))!r}; "
            f"it holds: {', '.join(known) or 'nothing yet'}"
        )
    return wanted


def status(store: MarketStore, keys: list[SeriesKey]) -> list[dict[str, Any]]:
    """One record a series: range, rows, gaps, revisions, flaws, when it was last answered."""
    return [_series(store, key) for key in keys]


def _series(store: MarketStore, key: SeriesKey) -> dict[str, Any]:
    coverage = store.coverage(key)
    whole = Stretch(coverage[0].start, coverage[-1].end) if coverage else Stretch(0, 0)
    answered = store.answered_at(key)
    found: dict[str, Any] = {
        "name": key.source,
        "symbol": key.symbol,
        "kind": key.kind,
        "from": iso(from_ms(whole.start)) if coverage else None,
        "to": iso(from_ms(whole.end)) if coverage else None,
        "never_asked": [stretch_words(one) for one in without(whole, coverage)],
        "relisted": _relisted_count(store, key),
        "revisions": [revision_words(one) for one in store.revisions(key)],
        "answered_at": iso(answered) if answered else None,
    }
    timeframe = timeframe_of(key)
    if timeframe is None:
        values = stamp_shelf(store, key).whole()
        return found | {"rows": len(values), "gaps": [], "missing": 0, "silent": 0, "flaws": {}}
    shelf = CandleShelf(store, key.source, key.symbol, timeframe)
    candles = shelf.whole()
    gaps = shelf.gaps(candles)
    return found | {
        "rows": len(candles),
        "gaps": [stretch_words(gap) for gap in gaps],
        "missing": sum(gap.end - gap.start for gap in gaps) // timeframe.ms,
        "silent": int(np.count_nonzero(candles.volume == 0)),
        "flaws": {f"{flaw.defect} {flaw.treatment}": len(flaw.at_ms) for flaw in candles.flaws},
    }


def _relisted_count(store: MarketStore, key: SeriesKey) -> int:
    versions = store.instruments(key.source, key.symbol)
    return sum(relisted(old, new, at) is not None for (_, old), (at, new) in pairwise(versions))


def check(store: MarketStore, key: SeriesKey) -> list[str]:
    """What breaks an invariant of one series; nothing, where it is as it must be."""
    coverage, timeframe = store.coverage(key), timeframe_of(key)
    found = []
    if any(one.start >= one.end for one in coverage) or joined(coverage) != coverage:
        found.append(f"coverage overlaps or is empty: {coverage}")
    if timeframe is None:
        stamps = list(stamp_shelf(store, key).whole())
    else:
        if any(one.start % timeframe.ms or one.end % timeframe.ms for one in coverage):
            found.append(f"coverage is not on the grid of {timeframe}")
        candles = CandleShelf(store, key.source, key.symbol, timeframe).whole()
        stamps = candles.open_ms.tolist()
        try:
            if stamps:
                check_series(candles, where=f"{key.symbol} {key.kind}", allow_gaps=True)
        except PlangateError as error:
            found.append(str(error))
    found += [
        f"row at {iso(from_ms(one))} that nobody asked for" for one in _outside(stamps, coverage)
    ]
    answered = store.answered_at(key)
    length = timeframe.ms if timeframe else 0
    if stamps and answered and from_ms(stamps[-1] + length) > answered:
        found.append(f"the row at {iso(from_ms(stamps[-1]))} is newer than the last answer")
    if not store.instruments(key.source, key.symbol):
        found.append("no instrument is known of it")
    return found


def _outside(stamps: list[int], coverage: list[Stretch]) -> list[int]:
    """The first of the rows that lie in no stretch that was asked for."""
    if not stamps:
        return []
    starts = np.array([one.start for one in coverage], np.int64)
    ends = np.array([one.end for one in coverage], np.int64)
    rows = np.array(stamps, np.int64)
    if not len(starts):
        return stamps[:1]
    at = np.searchsorted(starts, rows, side="right") - 1
    held = (at >= 0) & (rows < ends[np.maximum(at, 0)])
    return [int(one) for one in rows[~held][:1]]
