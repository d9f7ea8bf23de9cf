"""Candles as the market made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from langchain_core.tools import tool
from pydantic import Field

from domain.clock import from_ms, iso
from tools.catalog.answering import (
    PRICE_DIGITS,
    Request,
    TimeframeName,
    answer,
    rounded,
    symbol_of,
    table,
    timeframe_of,
)

if TYPE_CHECKING:
    from domain.candles import Floats

MAX_BARS = 200
"""Fits the default size cap."""


@tool(parse_docstring=True)
async def ohlcv(
    request: Request,
    symbol: str | None = None,
    timeframe: TimeframeName | None = None,
    bars: Annotated[int, Field(ge=1, le=MAX_BARS)] = 48,
) -> dict[str, Any]:
    """Closed candles, oldest first: open time (UTC), open, high, low, close, volume in base.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
        timeframe: Left out, the decision's.
        bars: Newest ones.
    """
    name, length = symbol_of(request, symbol), timeframe_of(request, timeframe)
    candles = await request.source.candles(name, length, request.as_of, bars)
    rows = zip(
        (iso(from_ms(stamp)) for stamp in candles.open_ms.tolist()),
        _told(candles.open),
        _told(candles.high),
        _told(candles.low),
        _told(candles.close),
        _told(candles.volume),
        strict=True,
    )
    return answer(
        request,
        candles.known_at,
        [(f"candles.{length}", name)],
        symbol=name,
        timeframe=length.value,
        **table(("open_time", "open", "high", "low", "close", "volume"), list(rows)),
    )


def _told(column: Floats) -> list[float | None]:
    return [rounded(value, PRICE_DIGITS) for value in column.tolist()]
