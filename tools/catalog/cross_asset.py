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
    f"return_{SHORT_BARS}_bars",
    "return_window",
    "relative_strength",
    "correlation",
)
RATIO_COLUMNS = ("pair", "ratio", f"change_{SHORT_BARS}_bars", "change_window")
NEVER_OFFERED = ("BTC dominance", "SPY", "QQQ", "VIX", "DXY")
"""What traders look at beside crypto and no source of candles here has."""


@tool(parse_docstring=True)
async def cross_asset(
    request: Request,
    timeframe: TimeframeName | None = None,
    bars: Annotated[int, Field(ge=24, le=1000)] = 168,
) -> dict[str, Any]:
    """The session's symbols against each other: returns, strength, correlation, price ratios.

    Relative strength is a symbol's return minus that of the instrument under decision, correlation
    that of their log returns. Returns and changes are fractions over closed candles; `missing` says
    what is absent.

    Args:
        request: Injected by the desk.
        timeframe: Length of a candle; null is the decision timeframe.
        bars: Window, in candles that all symbols have in common.
    """
    length = timeframe_of(request, timeframe)
    names = (request.symbol, *(name for name in request.symbols if name != request.symbol))
    windows = dict(zip(names, await _windows(request, names, length, bars), strict=True))
    seen = {name: window for name, window in windows.items() if len(window)}
    if request.symbol not in seen:
        raise DataError(f"no {length} candle of {request.symbol} is closed yet")
    closes = _common_closes(seen)
    ratios, missing_ratio = _ratios(closes)
    return answer(
        request,
        max(known for window in seen.values() if (known := window.known_at) is not None),
        symbol=request.symbol,
        timeframe=length.value,
        window_bars=len(closes[request.symbol]) - 1,
        **table(COLUMNS, _rows(closes, request.symbol)),
        ratios=table(RATIO_COLUMNS, ratios),
        missing=[
            *(f"{name}: no closed {length} candle" for name in windows if name not in seen),
            *missing_ratio,
            *(f"{name}: not offered by {request.source.info.name}" for name in NEVER_OFFERED),
        ],
    )


async def _windows(
    request: ToolRequest, names: tuple[str, ...], length: Timeframe, bars: int
) -> list[Candles]:
    """One candle more than `bars`, since a return needs two."""
    source, as_of = request.source, request.as_of
    asked = (source.candles(name, length, as_of, bars + 1) for name in names)
    return await asyncio.gather(*asked)


def _common_closes(windows: dict[str, Candles]) -> dict[str, Floats]:
    """Closes at the stamps that every symbol has, so that nothing is paired across time."""
    stamps = next(iter(windows.values())).open_ms
    for window in windows.values():
        stamps = np.intersect1d(stamps, window.open_ms, assume_unique=True)
    return {name: window.close[np.isin(window.open_ms, stamps)] for name, window in windows.items()}


def _rows(closes: dict[str, Floats], decided: str) -> list[list[Any]]:
    own = closes[decided]
    own_return = _change(own, len(own) - 1)
    rows = []
    for name, close in closes.items():
        window_return = _change(close, len(close) - 1)
        rows.append(
            [
                name,
                rounded(float(close[-1])) if len(close) else None,
                rounded(_change(close, SHORT_BARS)),
                rounded(window_return),
                rounded(_difference(window_return, own_return)),
                rounded(_correlation(close, own)),
            ]
        )
    return rows


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


def _ratios(closes: dict[str, Floats]) -> tuple[list[list[Any]], list[str]]:
    """Each symbol's price in BTC, among symbols of one quote; or why there is none."""
    named = {name: split_symbol(name) for name in closes}
    coins = {quote: closes[name] for name, (base, quote) in named.items() if base == "BTC"}
    rows = []
    for name, (base, quote) in named.items():
        if base == "BTC" or quote not in coins or not len(closes[name]):
            continue
        ratio = closes[name] / coins[quote]
        changes = (_change(ratio, SHORT_BARS), _change(ratio, len(ratio) - 1))
        rows.append([f"{base}/BTC", rounded(float(ratio[-1])), *map(rounded, changes)])
    if any(row[0] == "ETH/BTC" for row in rows):
        return rows, []
    return rows, ["ETH/BTC: the session has not both ETH and BTC in one quote"]
