"""What is bound to happen next: closes, funding, trading hours, windows of no entries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from langchain_core.tools import tool

from domain.candles import Timeframe
from domain.clock import from_ms, iso, parse_moment, to_ms
from domain.trading_hours import TradingHours
from market.observe import HIGHER
from tools.catalog.answering import Request, answer, part, table
from tools.protocol import ToolRequest

AHEAD = timedelta(days=2)
TRADING_DAYS_AHEAD = 7
"""So many days a venue tells its hours of."""
MAX_BLACKOUTS_COUNT = 5


@tool(parse_docstring=True)
async def calendar(request: Request) -> dict[str, Any]:
    """What comes next: candle closes, funding, blackouts, trading hours; is the market open now.

    Args:
        request: Injected by the desk.
    """
    failed: list[str] = []
    source, as_of = request.source, request.as_of
    state = await part(source.venue(as_of), "venue", request, failed)
    rows = [
        *_closes(request),
        *await _funding(request, failed),
        *_blackouts(request),
        *_trading(request),
    ]
    rows.sort(key=lambda row: row[0])
    status = state.status if state else None
    return answer(
        request,
        as_of,
        symbol=request.symbol,
        now=iso(as_of),
        venue=status,
        **table(
            ("at", "in_hours", "event", "about"),
            [[iso(at), round((at - as_of).total_seconds() / 3600, 2), *rest] for at, *rest in rows],
        ),
        missing=[
            *failed,
            *(["venue: it does not say whether it is open"] if state and status is None else []),
            "economic releases: no source here has them",
        ],
        **({"partial": True} if failed else {}),
    )


def _closes(request: ToolRequest) -> list[list[Any]]:
    """The next close by the clock of the decision timeframe and of those above it.

    Whether anything trades until then is the venue's to say: a market that is closed makes no
    candle.
    """
    decision = Timeframe(request.timeframe)
    now_ms = to_ms(request.as_of)
    lengths = (decision, *HIGHER[decision])
    return [
        [from_ms((now_ms // one.ms + 1) * one.ms), "candle closes", one.value] for one in lengths
    ]


async def _funding(request: ToolRequest, failed: list[str]) -> list[list[Any]]:
    """The next payment of each perpetual."""
    source = request.source
    if "funding" not in source.info.offers:
        return []
    names = [name for name in request.symbols if source.instrument(name).kind == "perpetual"]
    asked = (
        part(source.funding(name, request.as_of), f"funding of {name}", request, failed)
        for name in names
    )
    found = dict(zip(names, await asyncio.gather(*asked), strict=True))
    return [
        [one.next_at, "funding is paid", name]
        for name, one in found.items()
        if one is not None and one.next_at > request.as_of
    ]


def _blackouts(request: ToolRequest) -> list[list[Any]]:
    """Windows of the policy that are on or begin within two days."""
    if request.policy is None:
        return []
    rows: list[list[Any]] = []
    for text in request.policy.blackouts:
        begins, ends = (parse_moment(part) for part in text.split("/"))
        if ends > request.as_of and begins < request.as_of + AHEAD:
            on = begins <= request.as_of
            rows.append([ends if on else begins, f"blackout {'ends' if on else 'begins'}", text])
    return sorted(rows, key=_when)[:MAX_BLACKOUTS_COUNT]


def _trading(request: ToolRequest) -> list[list[Any]]:
    """Of each market with hours the next opening and close, and days that are not as usual."""
    named: dict[TradingHours, list[str]] = {}
    for name in request.symbols:
        hours = request.source.instrument(name).hours
        if hours is not None:
            named.setdefault(hours, []).append(name)
    return [
        [at, event, ", ".join(names)]
        for hours, names in named.items()
        for at, event in _sessions(hours, request.as_of)
    ]


def _sessions(hours: TradingHours, as_of: datetime) -> Iterator[tuple[datetime, str]]:
    opened = closed = False
    for days in range(TRADING_DAYS_AHEAD + 1):
        day = hours.day_of(as_of) + timedelta(days=days)
        sessions = hours.sessions(day)
        if not sessions and hours.is_told(day) and hours.usual(day):
            yield hours.at(day, time(0)), "no trading on this day"
        for one in sessions:
            if one.opens_at > as_of and not opened:
                opened = True
                yield one.opens_at, "trading opens"
            early = any(one.closes_at < usual.closes_at for usual in hours.usual(day))
            if one.closes_at > as_of and (early or not closed):
                closed = True
                yield one.closes_at, "trading closes early" if early else "trading closes"


def _when(row: list[Any]) -> datetime:
    at: datetime = row[0]
    return at
