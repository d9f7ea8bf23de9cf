"""What `plangate doctor --market store:NAME` finds out about what is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.data_status import check, chosen_keys, status
from app.data_words import timeframe_of
from app.health_check import Check
from app.keeping import market_store
from domain.clock import to_ms
from domain.errors import PlangateError
from market.sources.stored import StoredSource
from market.store.candles import CandleShelf
from market.store.store import MarketStore, SeriesKey


async def store_checks(name: str, now: datetime) -> list[Check]:
    """A line a series, and whether a replay of it would open; never raises for what is broken."""
    try:
        with market_store() as store:
            keys = chosen_keys(store, name, None)
            found = zip(keys, status(store, keys), strict=True)
            checks = [_series(store, key, one, now) for key, one in found]
            source = StoredSource(store, name)
            await source.open(sorted({key.symbol for key in keys if timeframe_of(key)}))
            info = source.info
    except PlangateError as error:
        return [Check("market", "broken", str(error), 3)]
    words = (
        f"{info.name}: {info.base_timeframe} candles and what is made of them, {info.description}"
    )
    return [*checks, Check("market", "ok", words)]


def _series(store: MarketStore, key: SeriesKey, one: dict[str, Any], now: datetime) -> Check:
    """Range, age and holes of a series; what breaks an invariant is told first."""
    findings = check(store, key)
    age_s = _age_s(store, key, now)
    words = [*findings, f"{one['rows']} rows"]
    if one["from"]:
        words += [f"{one['from'][:10]} to {one['to'][:16].replace('T', ' ')}"]
    if age_s is not None:
        words += [f"the newest closed {age_s / 3600:.1f} h ago"]
    holes = {"missing": one["missing"], "never asked": len(one["never_asked"])}
    words += [f"{count} {what}" for what, count in holes.items() if count]
    worth_a_word = any(holes.values()) or not one["rows"]
    told = {"rows": one["rows"], "missing": one["missing"], "age_s": age_s}
    return Check(
        f"{key.symbol} {key.kind}",
        "broken" if findings else "note" if worth_a_word else "ok",
        ", ".join(words),
        3 if findings else 0,
        told | {"never_asked_count": holes["never asked"], "flaws": one["flaws"]},
    )


def _age_s(store: MarketStore, key: SeriesKey, now: datetime) -> float | None:
    """How long ago the newest candle closed; None where there is none."""
    timeframe = timeframe_of(key)
    if timeframe is None:
        return None
    newest = CandleShelf(store, key.source, key.symbol, timeframe).last(1)
    return (to_ms(now) - int(newest.open_ms[0]) - timeframe.ms) / 1000 if len(newest) else None
