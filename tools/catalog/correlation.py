"""Which of the session's instruments move together."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.tools import tool

from market.facts import (
    CORRELATION_BARS,
    CORRELATION_DAYS,
    CORRELATION_TIMEFRAME,
    MIN_RETURNS,
    correlations,
)
from tools.catalog.answering import Request, answer, part, table, timeframe_of
from tools.protocol import ToolComplaint

DIGITS = 2


@tool(parse_docstring=True)
async def correlation(request: Request) -> dict[str, Any]:
    """Correlation matrix of the session's symbols: 4h log returns over 30 days, -1 to 1.

    Args:
        request: Injected by the desk.
    """
    if len(request.symbols) < 2:
        raise ToolComplaint(
            "NOT_OFFERED", "this session has one symbol; nothing to compare it with"
        )
    timeframe_of(request, CORRELATION_TIMEFRAME.value)
    failed: list[str] = []
    source, as_of = request.source, request.as_of
    asked = (
        part(
            source.candles(name, CORRELATION_TIMEFRAME, as_of, CORRELATION_BARS),
            name,
            request,
            failed,
        )
        for name in request.symbols
    )
    windows = dict(zip(request.symbols, await asyncio.gather(*asked), strict=True))
    seen = {name: window for name, window in windows.items() if window is not None and len(window)}
    rows = []
    for place, name in enumerate(seen):
        found = correlations(name, seen)
        pairs = [found.get(other) for other in list(seen)[:place]]
        rows.append([name, *(None if one is None else round(one, DIGITS) for one in pairs)])
    short = [row[0] for row in rows if any(one is None for one in row[1:])]
    stamps = [window.known_at for window in seen.values() if window.known_at is not None]
    return answer(
        request,
        max(stamps, default=None),
        [(f"candles.{CORRELATION_TIMEFRAME}", name) for name in seen],
        symbol=request.symbol,
        days=CORRELATION_DAYS,
        **table(["symbol", *list(seen)[:-1]], rows),
        missing=[
            *failed,
            *(
                f"{name}: no closed candle"
                for name, one in windows.items()
                if one is not None and not len(one)
            ),
            *(f"{name}: fewer than {MIN_RETURNS} common returns" for name in short),
        ],
        **({"partial": True} if failed else {}),
    )
