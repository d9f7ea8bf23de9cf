"""What the tools of the catalogue share: whom they answer about, and the form of an answer.

An answer names its source, the origin of its data and when its newest datum became known. Tables
are a list of columns and a list of rows: a third of the tokens of a list of objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from langchain_core.tools import InjectedToolArg

from domain.candles import Candles, Timeframe
from domain.clock import iso
from domain.errors import MARKET_FAILURES, DataError
from market.observe import CONTEXT_BARS, DECISION_BARS
from market.protocol import ManySources
from tools.protocol import ToolComplaint, ToolRequest

_T = TypeVar("_T")
Datum = tuple[str, str]
"""What was asked for and of which symbol, such as `candles.1h` of `BTC/USDT`."""
Request = Annotated[ToolRequest, InjectedToolArg]
"""Injected by the desk; LangChain keeps it out of the schema."""
TimeframeName = Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d"]
"""The values of `Timeframe` as the schema lists them."""
SIGNIFICANT_DIGITS = 7
"""What a model can make use of; the rest is noise and tokens."""
MAX_GAP_CHARS = 160
"""Of the reason why a part of an answer is not there."""
PRICE_DIGITS = 10
"""Prices that were traded are told to the tick; none that we know has more digits."""


def symbol_of(request: ToolRequest, symbol: str | None) -> str:
    """The symbol asked about, the decision's where none is named.

    Raises:
        ToolComplaint: BAD_ARGUMENTS when the session does not have it.
    """
    if symbol is None:
        return request.symbol
    if symbol not in request.symbols:
        raise ToolComplaint(
            "BAD_ARGUMENTS",
            f"symbol is {symbol[:40]!r}, was expected to be one of {', '.join(request.symbols)}",
        )
    return symbol


def timeframe_of(request: ToolRequest, timeframe: TimeframeName | None) -> Timeframe:
    """The timeframe asked for, the decision's where none is named.

    Raises:
        ToolComplaint: NOT_OFFERED when the source's candles are coarser.
    """
    wanted, base = Timeframe(timeframe or request.timeframe), request.source.info.base_timeframe
    if wanted.seconds < base.seconds:
        name = request.source.info.name
        raise ToolComplaint("NOT_OFFERED", f"{name} has no {wanted} candles; its finest are {base}")
    return wanted


async def history(request: ToolRequest, symbol: str, timeframe: Timeframe) -> Candles:
    """Closed candles, as many as the snapshot rests on, so that both show the same numbers.

    Raises:
        DataError: no candle is closed yet.
    """
    bars = DECISION_BARS if timeframe == request.timeframe else CONTEXT_BARS
    candles = await request.source.candles(symbol, timeframe, request.as_of, bars)
    if not len(candles):
        raise DataError(f"no {timeframe} candle of {symbol} is closed at {iso(request.as_of)}")
    return candles


async def part(asked: Awaitable[_T], what: str, request: ToolRequest, gaps: list[str]) -> _T | None:
    """One part of an answer; what does not come in time or fails leaves a gap, and is None."""
    try:
        return await asyncio.wait_for(asked, request.patience_s)
    except TimeoutError:
        gaps.append(f"{what}: did not come in time")
    except MARKET_FAILURES as error:
        gaps.append(f"{what}: {str(error)[:MAX_GAP_CHARS]}")
    return None


def told_by(request: ToolRequest, *asked: Datum) -> str:
    """Who gave the data of an answer; where several did, each with what it gave."""
    source = request.source
    if not (asked and isinstance(source, ManySources)):
        return source.info.name
    given: dict[str, list[str]] = {}
    for datum, symbol in asked:
        given.setdefault(source.answered_by(datum, symbol), []).append(f"{datum} of {symbol}")
    if len(given) == 1:
        return next(iter(given))
    return "; ".join(f"{name}: {', '.join(data)}" for name, data in given.items())


def answer(
    request: ToolRequest, known_at: datetime | None, asked: Sequence[Datum] = (), /, **data: Any
) -> dict[str, Any]:
    """`data` with its provenance before it; `asked` is what it rests on, as provenance calls it."""
    info = request.source.info
    return {
        "source": told_by(request, *asked),
        "origin": info.origin,
        "known_at": iso(known_at) if known_at else None,
        **data,
    }


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """A table: names once, then rows."""
    return {"columns": list(columns), "rows": [list(row) for row in rows]}


def rounded(value: float | Decimal | None, digits: int = SIGNIFICANT_DIGITS) -> float | None:
    """`value` as a JSON number of so many significant digits; None stays None."""
    return None if value is None else float(f"{value:.{digits}g}")
