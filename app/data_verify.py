"""What `plangate data verify` does: every invariant offline, and a sample against the source."""

from __future__ import annotations

from typing import Any

from app.clock import SystemClock
from app.data_status import check, status
from app.data_words import timeframe_of
from domain.clock import from_ms, iso
from domain.errors import ConfigError
from market.sources.exchange import ExchangeSource
from market.sources.exchange_history import CandleHistory
from market.sources.open import make_source
from market.store.candles import COLUMNS
from market.store.store import MarketStore, SeriesKey


async def verify(
    store: MarketStore, keys: list[SeriesKey], market: str | None, market_url: str | None
) -> dict[str, Any]:
    """Look at every series; `market` is asked for a sample of each, None stays offline.

    Raises:
        PlangateError: the market does not answer.
    """
    series = [
        one | {"findings": check(store, key)}
        for key, one in zip(keys, status(store, keys), strict=True)
    ]
    if market is not None:
        await _compare(store, keys, series, market, market_url)
    return {
        "schema": "plangate.data_verify/1",
        "online": market,
        "ok": not any(one["findings"] for one in series),
        "series": series,
    }


async def _compare(
    store: MarketStore,
    keys: list[SeriesKey],
    series: list[dict[str, Any]],
    market: str,
    market_url: str | None,
) -> None:
    for name in {key.source for key in keys}:
        source = make_source(
            market, clock=SystemClock(), base_url=market_url, store=store, keep_as=name
        )
        if not isinstance(source, ExchangeSource):
            raise ConfigError(f"--market {market!r} cannot be asked; expected ccxt:EXCHANGE")
        try:
            own = [(key, one) for key, one in zip(keys, series, strict=True) if key.source == name]
            await source.open(sorted({key.symbol for key, _ in own}))
            for key, one in own:
                timeframe = timeframe_of(key)
                if timeframe is not None:
                    history = source.history(key.symbol, timeframe)
                    one["compared"], found = await _sample(history)
                    one["findings"] += found
        finally:
            await source.close()


async def _sample(history: CandleHistory) -> tuple[int, list[str]]:
    """The first, the middle and the newest page, as kept and as the source has them now."""
    shelf = history.shelf
    coverage = shelf.coverage() if shelf else []
    if shelf is None or not coverage:
        return 0, []
    start, end, length = coverage[0].start, coverage[-1].end, history.timeframe.ms
    middle = (start + end) // 2 // length * length
    found: dict[int, str] = {}
    compared: set[int] = set()
    for since in (start, middle, max(start, end - 100 * length)):
        now = await history.page(since)
        kept = shelf.between(since, int(now.open_ms[-1]) + length) if len(now) else now
        names = COLUMNS
        ours, theirs = (
            {int(r[0]): r[1:] for r in zip(s.open_ms, *(getattr(s, n) for n in names), strict=True)}
            for s in (kept, now)
        )
        asked = {at for at in ours.keys() | theirs.keys() if shelf.reach(at) > at}
        compared |= asked
        for at in sorted(asked):
            if ours.get(at) != theirs.get(at):
                found[at] = _difference(at, ours.get(at), theirs.get(at))
    return len(compared), [found[at] for at in sorted(found)]


def _difference(at: int, ours: Any, theirs: Any) -> str:
    def words(values: Any) -> str:
        return "none" if values is None else str([float(value) for value in values])

    return f"{iso(from_ms(at))}: kept {words(ours)}, the source says {words(theirs)}"
