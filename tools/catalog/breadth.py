"""Whether the session's instruments rise together, and how far apart they go."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import numpy as np
from langchain_core.tools import tool
from pydantic import Field

from domain.candles import Candles
from market.features import closes_above
from market.observe import DECISION_BARS
from market.universe import dispersion
from tools.catalog.answering import (
    Request,
    TimeframeName,
    answer,
    part,
    rounded,
    table,
    timeframe_of,
)
from tools.protocol import ToolComplaint


@tool(parse_docstring=True)
async def breadth(
    request: Request,
    timeframe: TimeframeName | None = None,
    bars: Annotated[int, Field(ge=1, le=500)] = 24,
) -> dict[str, Any]:
    """Breadth over the session's symbols: shares above EMA 20/50 and rising; dispersion.

    Dispersion is the standard deviation of their returns.

    Args:
        request: Injected by the desk.
        timeframe: Left out, the decision's.
        bars: Window of the returns, in candles.
    """
    if len(request.symbols) < 2:
        raise ToolComplaint("NOT_OFFERED", "this session has one symbol; breadth is of several")
    length = timeframe_of(request, timeframe)
    failed: list[str] = []
    asked = (
        part(
            request.source.candles(name, length, request.as_of, DECISION_BARS),
            name,
            request,
            failed,
        )
        for name in request.symbols
    )
    windows = dict(zip(request.symbols, await asyncio.gather(*asked), strict=True))
    seen = {name: one for name, one in windows.items() if one is not None and len(one) > bars}
    rows = [[name, *_row(window, bars)] for name, window in seen.items()]
    returns = [row[1] for row in rows]
    stamps = [one.known_at for one in seen.values() if one.known_at is not None]
    return answer(
        request,
        max(stamps, default=None),
        [(f"candles.{length}", name) for name in seen],
        symbol=request.symbol,
        timeframe=length.value,
        symbols_count=len(seen),
        above_ema_20=_share([row[2] for row in rows]),
        above_ema_50=_share([row[3] for row in rows]),
        rising=_share([one > 0 for one in returns]),
        median_return=rounded(float(np.median(returns))) if returns else None,
        dispersion=rounded(dispersion(returns)),
        **table(("symbol", "return", "above_ema_20", "above_ema_50"), rows),
        missing=[
            *failed,
            *(
                f"{name}: too few candles"
                for name, one in windows.items()
                if one is not None and name not in seen
            ),
        ],
        **({"partial": True} if failed else {}),
    )


def _row(window: Candles, bars: int) -> list[Any]:
    change = rounded(float(window.close[-1] / window.close[-1 - bars] - 1))
    return [change, closes_above(window, "ema_20"), closes_above(window, "ema_50")]


def _share(marks: list[bool | None]) -> float | None:
    """Share that is true among what is known."""
    known = [one for one in marks if one is not None]
    return rounded(sum(known) / len(known)) if known else None
