"""How series, stretches and revisions are written in the documents of `plangate data`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.candles import Timeframe
from domain.clock import from_ms, iso
from market.store.ranges import Stretch
from market.store.store import Kept, Revision, SeriesKey


def series_words(
    key: SeriesKey, whole: Stretch, asked: Sequence[Stretch], kept: Kept
) -> dict[str, Any]:
    """What a synchronisation did with one series."""
    return {
        "name": key.source,
        "symbol": key.symbol,
        "kind": key.kind,
        "from": iso(from_ms(whole.start)),
        "to": iso(from_ms(whole.end)),
        "asked": [stretch_words(one) for one in asked],
        "added": kept.added_count,
        "revised": [revision_words(one) for one in kept.revised],
    }


def stretch_words(one: Stretch) -> dict[str, str]:
    """The stretch, its end excluded."""
    return {"from": iso(from_ms(one.start)), "to": iso(from_ms(one.end))}


def revision_words(one: Revision) -> dict[str, Any]:
    """What a datum was and is."""
    return {
        "at": iso(from_ms(one.stamp_ms)),
        "seen_at": iso(one.seen_at),
        "old": one.old,
        "new": one.new,
    }


def timeframe_of(key: SeriesKey) -> Timeframe | None:
    """The timeframe of a series of candles; None for the others."""
    return Timeframe(key.kind) if key.kind in set(Timeframe) else None
