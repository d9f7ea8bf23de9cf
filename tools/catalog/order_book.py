"""What it would cost to trade now, who has been trading, and how much is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from langchain_core.tools import tool

from domain.book import OrderBook
from domain.candles import Timeframe
from domain.clock import iso
from market.modelled_book import LOOKBACK_BARS, modelled_book
from market.order_flow import depth_profile, trade_flow
from market.protocol import MarketTrade, Offer
from tools.catalog.answering import (
    PRICE_DIGITS,
    Request,
    answer,
    part,
    rounded,
    symbol_of,
    table,
    told_by,
)
from tools.protocol import ToolComplaint, ToolRequest

DEPTHS_BPS = (5, 10, 20)
FLOW_TRADES_COUNT = 200


@tool(parse_docstring=True)
async def order_book(request: Request, symbol: str | None = None) -> dict[str, Any]:
    """Order book: spread, imbalance, depth in base within 5, 10 and 20 bps of the mid.

    With trade flow by aggressor and open interest where there are any.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
    """
    name = symbol_of(request, symbol)
    book = await _book(request, name)
    failed: list[str] = []
    trades, open_interest = await _beside(request, name, failed)
    known = [gap.partition(":")[0] for gap in failed]
    missing = [
        *failed,
        *(
            gap
            for gap in (
                _gap(request, "trades", there=bool(trades) or "trades" in known),
                _gap(
                    request,
                    "open_interest",
                    there=open_interest is not None or "open interest" in known,
                ),
            )
            if gap
        ),
    ]
    return answer(
        request,
        _newest(request, book, trades, open_interest),
        **_whose(request, name, book, trades, open_interest),
        symbol=name,
        book=book.origin,
        book_at=iso(book.at),
        bid=rounded(book.bid, PRICE_DIGITS),
        ask=rounded(book.ask, PRICE_DIGITS),
        mid=rounded(book.mid, PRICE_DIGITS),
        spread_bps=rounded(book.spread_bps),
        imbalance=rounded(book.imbalance),
        depth_base=_depth(book),
        trade_flow=_flow(trades),
        open_interest_base=rounded(open_interest),
        missing=missing,
        **({"partial": True} if failed else {}),
    )


async def _beside(
    request: ToolRequest, name: str, failed: list[str]
) -> tuple[Sequence[MarketTrade], Decimal | None]:
    """Trades and open interest, asked at once; what fails is said and does not take the book."""
    source, as_of = request.source, request.as_of
    trades, open_interest = await asyncio.gather(
        part(source.trades(name, as_of, FLOW_TRADES_COUNT), "trades", request, failed),
        part(source.open_interest(name, as_of), "open interest", request, failed),
    )
    return trades or (), open_interest


def _whose(
    request: ToolRequest,
    name: str,
    book: OrderBook,
    trades: Sequence[MarketTrade],
    open_interest: Decimal | None,
) -> dict[str, str]:
    """Who gave what; a modelled book is called so in its source too, as in the snapshot."""
    modelled = book.origin == "modelled"
    asked = [(f"candles.{request.timeframe}" if modelled else "book", name)]
    asked += [("trades", name)] if trades else []
    asked += [("open_interest", name)] if open_interest is not None else []
    return {"source": told_by(request, *asked) + (" (modelled)" if modelled else "")}


async def _book(request: ToolRequest, symbol: str) -> OrderBook:
    """The source's book, or the one the snapshot assumes from the same candles."""
    source = request.source
    book = await source.book(symbol, request.as_of)
    if book is not None:
        return book
    decision = Timeframe(request.timeframe)
    candles = await source.candles(symbol, decision, request.as_of, LOOKBACK_BARS)
    tick = await source.tick(symbol, request.as_of)
    if tick is not None:
        step = source.instrument(symbol).price_tick
        book = modelled_book(candles, step, tick.price, tick.at)
    if book is None:
        raise ToolComplaint(
            "NOT_OFFERED",
            f"{source.info.name} has no order book of {symbol}, and none can be modelled: "
            "there is no price or no volume yet",
        )
    return book


def _depth(book: OrderBook) -> dict[str, Any]:
    """Quantity in base on each side."""
    rows = [
        [int(d.within_bps), rounded(d.bids), rounded(d.asks), rounded(d.imbalance), not d.is_whole]
        for d in depth_profile(book, [Decimal(within) for within in DEPTHS_BPS])
    ]
    return table(("within_bps", "bids", "asks", "imbalance", "book_ends_nearer"), rows)


def _flow(trades: Sequence[MarketTrade]) -> dict[str, Any] | None:
    """Volume by who crossed the spread."""
    flow = trade_flow(trades)
    if flow is None:
        return None
    return {
        "trades_count": flow.trades_count,
        "from": iso(flow.first_at),
        "to": iso(flow.last_at),
        "buy_base": rounded(flow.bought),
        "sell_base": rounded(flow.sold),
        "buy_share": rounded(flow.buy_fraction),
    }


def _gap(request: ToolRequest, offer: Offer, *, there: bool) -> str | None:
    if there:
        return None
    info, what = request.source.info, offer.replace("_", " ")
    has = "has none as of now" if offer in info.offers else "offers none"
    return f"{what}: {info.name} {has}"


def _newest(
    request: ToolRequest,
    book: OrderBook,
    trades: Sequence[MarketTrade],
    open_interest: Decimal | None,
) -> datetime:
    """Open interest carries no stamp of its own; the protocol promises it is known by `as_of`."""
    stamps = [book.at, *(trade.at for trade in trades)]
    return max([*stamps, request.as_of] if open_interest is not None else stamps)
