"""When and at what price an order fills: pure rules on one bar, or on a real book.

- Market: at the open, worse by the order's slippage. Limit: at its price, or at the open when the
  bar gaps through it; never worse. Stop: at its trigger, or at the open when the bar gaps through
  it, worse by the order's slippage.
- A price with slippage is rounded to the tick, away from us, then clamped into the bar's range.
- A bar that opened before the order was accepted does not fill it; a bar without volume fills
  nothing. Orders fill whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.book import OrderBook, OrderSide
from domain.numbers import ceil_to_tick, floor_to_tick
from domain.orders import Order


@dataclass(frozen=True, slots=True)
class PriceBar:
    """One bar as the paper venue trades on it; prices in quote, volume in base."""

    open_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Execution(NamedTuple):
    """A fill price and what it is held against, in quote."""

    price: Decimal
    expected: Decimal


def fill_on_bar(order: Order, bar: PriceBar, tick: Decimal) -> Execution | None:
    """The execution of a working order on a bar; None when it does not fill."""
    if bar.volume <= 0 or bar.open_at < order.created_at:
        return None
    match order.kind:
        case "market":
            return Execution(_worse(order, bar.open, bar, tick), bar.open)
        case "limit":
            price = _limit_price(order, bar)
        case "stop":
            price = _stop_price(order, bar, tick)
    if price is None or order.price is None:
        return None
    return Execution(price, order.price)


def _limit_price(order: Order, bar: PriceBar) -> Decimal | None:
    limit = order.price
    if limit is None:
        return None
    if order.side == "buy":
        return min(limit, bar.open) if bar.low <= limit else None
    return max(limit, bar.open) if bar.high >= limit else None


def _stop_price(order: Order, bar: PriceBar, tick: Decimal) -> Decimal | None:
    trigger = order.price
    if trigger is None:
        return None
    if order.side == "sell":
        return _worse(order, min(trigger, bar.open), bar, tick) if bar.low <= trigger else None
    return _worse(order, max(trigger, bar.open), bar, tick) if bar.high >= trigger else None


def _worse(order: Order, price: Decimal, bar: PriceBar, tick: Decimal) -> Decimal:
    if order.side == "buy":
        return min(ceil_to_tick(price + order.slippage, tick), bar.high)
    return max(floor_to_tick(price - order.slippage, tick), bar.low)


def fill_on_book(
    side: OrderSide, quantity: Decimal, book: OrderBook, tick: Decimal
) -> Execution | None:
    """A market order taken out of a real book; None where it does not hold the quantity.

    The average price is rounded to the tick, away from us.
    """
    walk, mid = book.walk(side, quantity), book.mid
    if walk is None or mid is None or walk.filled < quantity:
        return None
    rounded = ceil_to_tick if side == "buy" else floor_to_tick
    return Execution(rounded(walk.vwap, tick), mid)
