"""What trading costs: fees per side, funding at its stamps, slippage."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.book import OrderSide
from domain.instrument import Instrument
from domain.numbers import BPS, ZERO
from domain.orders import FundingPayment, Position


def fee(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Taker fee of one fill, in quote; makers pay the same here, which errs on the dear side."""
    return instrument.taker_fee_fraction * quantity * price


def slippage_bps(side: OrderSide, price: Decimal, expected: Decimal) -> Decimal:
    """Signed cost of a price against the one expected; positive is worse than wanted."""
    if expected <= ZERO:
        return ZERO
    difference = price - expected if side == "buy" else expected - price
    return difference / expected * BPS


def funding_payment(
    position: Position, at: datetime, rate_fraction: Decimal, price: Decimal
) -> FundingPayment:
    """What a position pays (positive) or receives (negative) at one stamp.

    Longs pay shorts when the rate is positive: amount = rate x signed quantity x price.
    """
    return FundingPayment(
        symbol=position.symbol,
        at=at,
        rate_fraction=rate_fraction,
        quantity=position.quantity,
        price=price,
        amount=rate_fraction * position.quantity * price,
    )
