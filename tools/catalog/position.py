"""What the session holds, works and has planned: the record, only read."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import tool

from domain.clock import iso
from domain.lifecycle import LIVE
from domain.orders import Order, Position, live_stop
from journal.books import Journal
from tools.catalog.answering import PRICE_DIGITS, Request, answer, part, rounded, table
from tools.protocol import ToolComplaint, ToolRequest


@tool(parse_docstring=True)
async def position(request: Request) -> dict[str, Any]:
    """Your positions, live orders and standing plans, of all symbols of the session.

    Args:
        request: Injected by the desk.
    """
    journal = request.journal
    if journal is None:
        raise ToolComplaint("NOT_OFFERED", "there is no session whose positions could be shown")
    failed: list[str] = []
    held = [one for one in journal.ledger().positions.values() if one.quantity]
    positions = [await _held(request, one, failed) for one in held]
    return answer(
        request,
        request.as_of,
        source=f"session {journal.session}",
        symbol=request.symbol,
        positions=table(
            ("symbol", "quantity", "average_price", "last", "unrealised", "opened_at"), positions
        ),
        orders=table(
            ("symbol", "leg", "side", "kind", "quantity", "filled", "price", "status"),
            [_order(order) for order in journal.orders(*LIVE)],
        ),
        plans=table(
            ("symbol", "plan", "status", "side", "stop", "targets", "close_at"),
            _plans(journal, request),
        ),
        missing=failed,
        **({"partial": True} if failed else {}),
    )


async def _held(request: ToolRequest, held: Position, failed: list[str]) -> list[Any]:
    """Signed quantity in base, money in quote."""
    tick = await part(
        request.source.tick(held.symbol, request.as_of), f"price of {held.symbol}", request, failed
    )
    return [
        held.symbol,
        rounded(held.quantity),
        rounded(held.cost / held.quantity, PRICE_DIGITS),
        rounded(tick.price, PRICE_DIGITS) if tick else None,
        rounded(held.unrealised(tick.price)) if tick else None,
        iso(held.opened_at),
    ]


def _order(order: Order) -> list[Any]:
    return [
        order.symbol,
        order.leg,
        order.side,
        order.kind,
        rounded(order.quantity),
        rounded(order.filled),
        rounded(order.price, PRICE_DIGITS),
        order.status.value,
    ]


def _plans(journal: Journal, request: ToolRequest) -> list[list[Any]]:
    rows = []
    for symbol in request.symbols:
        stored = journal.standing_plan(symbol)
        if stored is None:
            continue
        stop = live_stop(journal.plan_orders(stored.plan.plan_id))
        rows.append(
            [
                symbol,
                stored.plan.plan_id[:12],
                stored.status.value,
                stored.bracket.side,
                rounded(stop.price if stop else stored.bracket.stop_price, PRICE_DIGITS),
                [rounded(target.price, PRICE_DIGITS) for target in stored.bracket.targets],
                iso(stored.close_at),
            ]
        )
    return rows
