"""Round trips: the fills and funding of one plan's position, from flat to flat, folded into one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.numbers import ZERO
from domain.orders import Fill, FundingPayment
from domain.plan import Side
from domain.trade import ClosedTrade


def left_of(fills: Sequence[Fill], side: Side) -> Decimal:
    """What a plan's fills have left of its side, in base.

    Below nothing where its exits sold dust of earlier plans besides, since an account is one
    position, and while an exit is told before the entry it follows.
    """
    moved = sum((f.moved for f in fills), ZERO)
    return moved if side == "long" else -moved


def held_of(fills: Sequence[Fill], side: Side) -> Decimal:
    """What a plan holds, unsigned."""
    return max(left_of(fills, side), ZERO)


def lost_so_far(fills: Sequence[Fill]) -> Decimal:
    """What a plan's exits have lost against its average entry, fees included, in quote; never < 0.

    A part that was closed at a loss has used up that much of what the plan may lose.
    """
    entries = [f for f in fills if f.leg == "entry"]
    exits = [f for f in fills if f.leg != "entry"]
    if not (entries and exits):
        return ZERO
    bought = sum((f.quantity for f in entries), ZERO)
    average = sum((f.quantity * f.price for f in entries), ZERO) / bought
    sign = 1 if entries[0].side == "buy" else -1
    won = sum((f.quantity * (f.price - average) * sign - f.fee_in_quote for f in exits), ZERO)
    return max(-won, ZERO)


def round_trip(
    fills: Sequence[Fill], payments: Sequence[FundingPayment], risk_amount: Decimal
) -> ClosedTrade | None:
    """The closed trade of a plan's fills, told in any order, with its share of all funding.

    None where nothing was sold: a fee in base left less of the entry than an order can be.
    """
    if all(f.leg == "entry" for f in fills):
        return None
    in_time = sorted(fills, key=lambda f: (f.at, f.leg != "entry"))
    mine = [p for p in payments if p.symbol == in_time[0].symbol]
    return close_trade(in_time, mine, risk_amount)


def close_trade(
    fills: Sequence[Fill], payments: Sequence[FundingPayment], risk_amount: Decimal
) -> ClosedTrade:
    """The closed trade of one plan whose position is flat.

    A fee taken in base may leave dust that no order can sell: it stays in the account, and what it
    cost is no part of the trade.

    Args:
        fills: Every fill of the plan, in order; at least one on each side.
        payments: Funding of the symbol; only what fell between the first and last fill counts.
        risk_amount: Planned loss at the stop, in quote.
    """
    opening = fills[0].side
    entries = [f for f in fills if f.side == opening]
    exits = [f for f in fills if f.side != opening]
    paid = sum((f.quantity * f.price for f in entries), ZERO)
    had = sum((f.quantity * f.price for f in exits), ZERO)
    entered = sum((f.quantity for f in entries), ZERO)
    held, left = (
        abs(sum((f.moved for f in entries), ZERO)),
        abs(sum((f.moved for f in exits), ZERO)),
    )
    cost = paid if held == entered == left else paid * left / entered
    first, last = fills[0], fills[-1]
    funding = (p.amount for p in payments if first.at < p.at <= last.at)
    gross = had - cost if opening == "buy" else cost - had
    return ClosedTrade(
        plan_id=first.plan_id,
        symbol=first.symbol,
        side="long" if opening == "buy" else "short",
        quantity=left,
        entry_price=paid / entered,
        exit_price=had / left,
        opened_at=first.at,
        closed_at=last.at,
        gross=gross,
        fees=sum((f.fee_in_quote for f in fills), ZERO),
        funding=sum(funding, ZERO),
        risk_amount=risk_amount,
        close_reason=last.reason or "exit",
    )
