"""Round trips: the fills and funding of one plan's position, from flat to flat, folded into one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.numbers import ZERO
from domain.orders import Fill, FundingPayment
from domain.trade import ClosedTrade


def close_trade(
    fills: Sequence[Fill], payments: Sequence[FundingPayment], risk_amount: Decimal
) -> ClosedTrade | None:
    """The closed trade of one plan; None while the position is not flat.

    Args:
        fills: Every fill of the plan, in order.
        payments: Funding of the symbol; only what fell between the first and last fill counts.
        risk_amount: Planned loss at the stop, in quote.
    """
    if not fills:
        return None
    opening = fills[0].side
    entries = [f for f in fills if f.side == opening]
    exits = [f for f in fills if f.side != opening]
    bought = sum((f.quantity for f in entries), ZERO)
    if bought != sum((f.quantity for f in exits), ZERO):
        return None
    paid = sum((f.quantity * f.price for f in entries), ZERO)
    had = sum((f.quantity * f.price for f in exits), ZERO)
    first, last = fills[0], fills[-1]
    funding = (p.amount for p in payments if first.at < p.at <= last.at)
    return ClosedTrade(
        plan_id=first.plan_id,
        symbol=first.symbol,
        side="long" if opening == "buy" else "short",
        quantity=bought,
        entry_price=paid / bought,
        exit_price=had / bought,
        opened_at=first.at,
        closed_at=last.at,
        gross=had - paid if opening == "buy" else paid - had,
        fees=sum((f.fee for f in fills), ZERO),
        funding=sum(funding, ZERO),
        risk_amount=risk_amount,
        close_reason=last.reason or "exit",
    )
