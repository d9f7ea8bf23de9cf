"""How the session's instruments stand to each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from langchain_core.tools import tool
from pydantic import Field

from domain.candles import Candles, Timeframe
from domain.errors import DataError
from domain.instrument import split_symbol
from tools.catalog.answering import (
    Request,
    TimeframeName,
    answer,
    rounded,
    table,
    timeframe_of,
)
from tools.catalog.other_markets import other_markets
from tools.protocol import ToolRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MIN_RETURNS_COUNT = 20
"""A correlation of fewer returns than this is noise, and absent."""
SHORT_BARS = 24
COLUMNS = (
    "symbol",
    "close",
    "common_bars",
    f"return_{SHORT_BARS}_bars",
    "return_window",
    "relative_strength",
    "correlation",
)
RATIO_COLUMNS = ("pair", "ratio", f"change_{SHORT_BARS}_bars", "change_window")


@tool(parse_docstring=True)
async def cross_asset(
    request: Request,
    timeframe: TimeframeName | None = None,
    bars: Annotated[int, Field(ge=24, le=1000)] = 168,
) -> dict[str, Any]:
    """The session's symbols against the one under decision, and risk appetite, -1 to 1.

    Of SPY, QQQ, VIX, DXY, gold, BTC dominance and ETH/BTC.

    Args:
        request: Injected by the desk.
        timeframe: Left out, the decision's.
        bars: Window, in candles.
    """
    length = timeframe_of(request, timeframe)
    names = (request.symbol, *(name for name in request.symbols if name != request.symbol))
    windows = dict(zip(names, await _windows(request, names, length, bars), strict=True))
    seen = {name: window for name, window in windows.items() if len(window)}
    if request.symbol not in seen:
        raise DataError(f"no {length} candle of {request.symbol} is closed yet")
    ratios, missing_ratio = _ratios(seen)
    others = await other_markets(request)
    known = [window.known_at for window in seen.values()]
    return answer(
        request,
        max(at for at in (*known, others.known_at) if at is not None),
        [(f"candles.{length}", name) for name in seen],
        symbol=request.symbol,
        timeframe=length.value,
        **table(COLUMNS, [_row(name, seen[name], seen[request.symbol]) for name in seen]),
        ratios=table(RATIO_COLUMNS, ratios),
        **others.data,
        missing=[
            *(f"{name}: no closed {length} candle" for name in windows if name not in seen),
            *missing_ratio,
            *others.missing,
        ],
    )


async def _windows(
    request: ToolRequest, names: tuple[str, ...], length: Timeframe, bars: int
) -> list[Candles]:
    """One candle more than `bars`, since a return needs two."""
    source, as_of = request.source, request.as_of
    asked = (source.candles(name, length, as_of, bars + 1) for name in names)
    return await asyncio.gather(*asked)


def _aligned(one: Candles, other: Candles) -> tuple[Floats, Floats]:
    """Closes of both at the stamps that both have, so that nothing is paired across time."""
    _, rows, other_rows = np.intersect1d(
        one.open_ms, other.open_ms, assume_unique=True, return_indices=True
    )
    return one.close[rows], other.close[other_rows]


def _row(name: str, window: Candles, decided: Candles) -> list[Any]:
    close, own = _aligned(window, decided)
    returns = _change(close, len(close) - 1), _change(own, len(own) - 1)
    return [
        name,
        rounded(float(window.close[-1])),
        max(0, len(close) - 1),
        rounded(_change(close, SHORT_BARS)),
        rounded(returns[0]),
        rounded(_difference(*returns)),
        rounded(_correlation(close, own)),
    ]


def _change(close: Floats, bars: int) -> float | None:
    """Change over the last `bars` candles as a fraction; None where there are fewer."""
    if not 0 < bars < len(close):
        return None
    return float(close[-1] / close[-1 - bars] - 1)


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _correlation(close: Floats, own: Floats) -> float | None:
    """Of log returns, -1 to 1; None with too few of them or where one does not move."""
    if len(close) <= MIN_RETURNS_COUNT:
        return None
    one, other = np.diff(np.log(close)), np.diff(np.log(own))
    if not (one.std() > 0 and other.std() > 0):
        return None
    return float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0))


def _ratios(windows: dict[str, Candles]) -> tuple[list[list[Any]], list[str]]:
    """Each symbol's price in BTC, among symbols of one quote; or why there is none."""
    named = {name: split_symbol(name) for name in windows}
    coins = {quote: windows[name] for name, (base, quote) in named.items() if base == "BTC"}
    rows = []
    for name, (base, quote) in named.items():
        if base == "BTC" or quote not in coins:
            continue
        close, coin = _aligned(windows[name], coins[quote])
        if len(close):
            ratio = close / coin
            changes = (_change(ratio, SHORT_BARS), _change(ratio, len(ratio) - 1))
            rows.append([f"{base}/BTC", rounded(float(ratio[-1])), *map(rounded, changes)])
    if any(row[0] == "ETH/BTC" for row in rows):
        return rows, []
    return rows, ["ETH/BTC: the session has not both ETH and BTC in one quote"]
