"""Who has been trading, and who crossed the spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.tools import tool
from pydantic import Field

from domain.clock import iso
from market.order_flow import by_aggressor, trade_flow
from market.protocol import MarketTrade
from tools.catalog.answering import PRICE_DIGITS, Request, answer, rounded, symbol_of, table
from tools.protocol import ToolComplaint

SLICES_COUNT = 5
LARGEST_COUNT = 3
COLUMNS = ("from", "trades", "buy_base", "sell_base", "last")


@tool(parse_docstring=True)
async def trades(
    request: Request,
    symbol: str | None = None,
    count: Annotated[int, Field(ge=10, le=1000)] = 200,
) -> dict[str, Any]:
    """Newest public trades: bought and sold by the aggressor in base, in 5 slices, largest prints.

    Args:
        request: Injected by the desk.
        symbol: One of the session's symbols; null is the instrument under decision.
        count: How many trades.
    """
    name, source = symbol_of(request, symbol), request.source
    if "trades" not in source.info.offers:
        raise ToolComplaint("NOT_OFFERED", f"{source.info.name} offers no public trades")
    found = await source.trades(name, request.as_of, count)
    flow = trade_flow(found)
    if flow is None:
        known = f"{source.info.name} knows no trade of {name} at {iso(request.as_of)}"
        raise ToolComplaint("NOT_OFFERED", known)
    largest = sorted(found, key=lambda t: t.quantity, reverse=True)[:LARGEST_COUNT]
    return answer(
        request,
        flow.last_at,
        [("trades", name)],
        symbol=name,
        trades_count=flow.trades_count,
        to=iso(flow.last_at),
        buy_base=rounded(flow.bought),
        sell_base=rounded(flow.sold),
        buy_share=rounded(flow.buy_fraction),
        vwap=rounded(flow.vwap, PRICE_DIGITS),
        slices=table(COLUMNS, [_slice(part) for part in _slices(found)]),
        largest=table(
            ("at", "aggressor", "quantity", "price"),
            [
                [iso(t.at), t.aggressor, rounded(t.quantity), rounded(t.price, PRICE_DIGITS)]
                for t in largest
            ],
        ),
    )


def _slices(found: Sequence[MarketTrade]) -> list[Sequence[MarketTrade]]:
    """Parts of like count, oldest first."""
    size = -(-len(found) // SLICES_COUNT)
    return [found[start : start + size] for start in range(0, len(found), size)]


def _slice(part: Sequence[MarketTrade]) -> list[Any]:
    bought, sold = by_aggressor(part)
    last = rounded(part[-1].price, PRICE_DIGITS)
    return [iso(part[0].at), len(part), rounded(bought), rounded(sold), last]
