"""Fills and payments written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.book import OrderSide
from domain.numbers import ZERO
from domain.orders import CloseReason, Fill, FundingPayment

D = Decimal
T = datetime(2024, 1, 1, tzinfo=UTC)
H = timedelta(hours=1)


def fill(
    side: OrderSide,
    quantity: str | Decimal,
    price: str | Decimal,
    *,
    fee: str | Decimal = ZERO,
    hour: int = 0,
    symbol: str = "BTC/USDT",
    reason: CloseReason | None = None,
    name: str = "",
) -> Fill:
    """One execution; its id is its hour unless `name` is given."""
    return Fill(
        trade_id=name or f"t{hour}",
        client_order_id="o",
        plan_id="p",
        symbol=symbol,
        leg="entry",
        side=side,
        quantity=D(quantity),
        price=D(price),
        fee=D(fee),
        at=T + hour * H,
        expected_price=D(price),
        slippage_bps=ZERO,
        reason=reason,
    )


def payment(amount: str | Decimal, *, hour: int = 0, symbol: str = "BTC/USDT") -> FundingPayment:
    """One funding payment."""
    return FundingPayment(symbol, T + hour * H, D("0.0001"), D(1), D(100), D(amount))
