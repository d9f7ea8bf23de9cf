"""Who has been trading, and who crossed the spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.tools import tool
from pydantic import Field

from domain.clock import iso
from market.order_flow import LiquidationFlow, by_aggressor, liquidation_flow, trade_flow
from market.protocol import LiquidationSource, MarketTrade
from tools.catalog.answering import PRICE_DIGITS, Request, answer, part, rounded, symbol_of, table
from tools.protocol import ToolComplaint, ToolRequest

SLICES_COUNT = 5
LARGEST_COUNT = 3
LIQUIDATIONS_COUNT = 100
"""The newest forced closes that are summed."""
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
        symbol: Left out, the one under decision.
        count: Newest ones.
    """
    name, source = symbol_of(request, symbol), request.source
    if "trades" not in source.info.offers:
        raise ToolComplaint("NOT_OFFERED", f"{source.info.name} offers no public trades")
    found = await source.trades(name, request.as_of, count)
    flow = trade_flow(found)
    if flow is None:
        known = f"{source.info.name} knows no trade of {name} at {iso(request.as_of)}"
        raise ToolComplaint("NOT_OFFERED", known)
    failed: list[str] = []
    forced = await _liquidated(request, name, failed)
    largest = sorted(found, key=lambda t: t.quantity, reverse=True)[:LARGEST_COUNT]
    return answer(
        request,
        max(flow.last_at, forced.last_at) if forced else flow.last_at,
        [("trades", name), *([("liquidations", name)] if forced else [])],
        symbol=name,
        trades_count=flow.trades_count,
        to=iso(flow.last_at),
        buy_base=rounded(flow.bought),
        sell_base=rounded(flow.sold),
        buy_share=rounded(flow.buy_fraction),
        vwap=rounded(flow.vwap, PRICE_DIGITS),
        slices=table(COLUMNS, [_slice(one) for one in _slices(found)]),
        largest=table(
            ("at", "aggressor", "quantity", "price"),
            [
                [iso(t.at), t.aggressor, rounded(t.quantity), rounded(t.price, PRICE_DIGITS)]
                for t in largest
            ],
        ),
        **({"liquidated": _forced(forced)} if forced else {}),
        **({"missing": failed, "partial": True} if failed else {}),
    )


async def _liquidated(request: ToolRequest, name: str, failed: list[str]) -> LiquidationFlow | None:
    """What was closed by force, where the source tells it; without it the trades still stand."""
    source = request.source
    if "liquidations" not in source.info.offers or not isinstance(source, LiquidationSource):
        return None
    asked = source.liquidations(name, request.as_of, LIQUIDATIONS_COUNT)
    return liquidation_flow(await part(asked, "liquidations", request, failed) or ())


def _forced(flow: LiquidationFlow) -> dict[str, Any]:
    return {
        "count": flow.count,
        "from": iso(flow.first_at),
        "to": iso(flow.last_at),
        "longs_base": rounded(flow.longs),
        "shorts_base": rounded(flow.shorts),
    }


def _slices(found: Sequence[MarketTrade]) -> list[Sequence[MarketTrade]]:
    """Parts of like count, oldest first."""
    size = -(-len(found) // SLICES_COUNT)
    return [found[start : start + size] for start in range(0, len(found), size)]


def _slice(one: Sequence[MarketTrade]) -> list[Any]:
    bought, sold = by_aggressor(one)
    last = rounded(one[-1].price, PRICE_DIGITS)
    return [iso(one[0].at), len(one), rounded(bought), rounded(sold), last]
