"""What other markets did, and what it comes to: the part of `cross_asset` that feeds give."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from domain.candles import Candles, Timeframe
from domain.clock import iso
from domain.instrument import Instrument
from market.feeds.protocol import MACRO_ASSETS
from market.feeds.risk_appetite import (
    MOVE_DAYS,
    SPREAD_DAYS,
    Daily,
    Part,
    daily_of,
    risk_appetite,
)
from tools.catalog.answering import rounded, table
from tools.catalog.news import gathered
from tools.protocol import ToolRequest

COLUMNS = ("market", "value", "of", "change_1_day", f"change_{MOVE_DAYS}_days", "part")


class OtherMarkets(NamedTuple):
    """What there is, and what is not."""

    data: dict[str, Any]
    missing: list[str]
    known_at: datetime | None


async def other_markets(request: ToolRequest) -> OtherMarkets:
    """Markets of the session's feeds and its own ETH/BTC, and the composite of them."""
    feeds = request.feeds.macro
    answers = await asyncio.gather(
        *(feed.observations(request.as_of) for feed in feeds), return_exceptions=True
    )
    observations, missing = gathered(feeds, answers)
    series: dict[Part, Daily] = dict(daily_of(observations).items())
    pair = await _eth_btc(request)
    if pair is not None:
        series["eth_btc"] = pair
    appetite = risk_appetite(series, request.as_of)
    names: tuple[Part, ...] = (*MACRO_ASSETS, "eth_btc")
    rows = [_row(name, series[name], appetite.parts) for name in names if name in series]
    known = [one.known_at for one in series.values()]
    data = {
        "other_markets": table(COLUMNS, rows),
        "risk_appetite": {"score": appetite.score, "label": appetite.label},
        "other_sources": [f"{feed.name} ({feed.origin})" for feed in feeds],
    }
    return OtherMarkets(data, [*missing, *appetite.missing], max(known, default=None))


def _row(name: Part, daily: Daily, parts: Mapping[Part, float]) -> list[Any]:
    values = daily.values
    return [
        name,
        rounded(values[-1]),
        iso(daily.newest_at),
        rounded(_change(values, 1)),
        rounded(_change(values, MOVE_DAYS)),
        parts.get(name),
    ]


def _change(values: tuple[float, ...], days: int) -> float | None:
    return values[-1] / values[-1 - days] - 1 if len(values) > days else None


async def _eth_btc(request: ToolRequest) -> Daily | None:
    """Daily closes of ETH in BTC by the session's own candles; None where it has not both."""
    source, as_of, bars = request.source, request.as_of, SPREAD_DAYS + 1
    opened = [source.instrument(name) for name in request.symbols]
    direct = _named(opened, "ETH", "BTC")
    if direct is not None:
        return _daily(await source.candles(direct, Timeframe.D1, as_of, bars), None)
    for quote in dict.fromkeys(instrument.quote for instrument in opened):
        eth, btc = _named(opened, "ETH", quote), _named(opened, "BTC", quote)
        if eth is not None and btc is not None:
            windows = await asyncio.gather(
                *(source.candles(name, Timeframe.D1, as_of, bars) for name in (eth, btc))
            )
            return _daily(*windows)
    return None


def _named(opened: list[Instrument], base: str, quote: str) -> str | None:
    return next((i.symbol for i in opened if (i.base, i.quote) == (base, quote)), None)


def _daily(one: Candles, other: Candles | None) -> Daily | None:
    """The closes, or their ratio on the days that both have."""
    closes = one.close
    if other is not None:
        _, rows, other_rows = np.intersect1d(
            one.open_ms, other.open_ms, assume_unique=True, return_indices=True
        )
        closes = one.close[rows] / other.close[other_rows]
    known = [window.known_at for window in (one, other) if window is not None and window.known_at]
    if not len(closes) or not known:
        return None
    return Daily(tuple(closes.tolist()), max(known), max(known))
