"""When and at what price an order fills: pure rules on one bar, or on a real book.

A bar has four phases, and an order is looked at in its own:

- OPEN: market orders, and whatever the bar gapped through, at the open.
- ENTRIES: orders that may open a position, at their price.
- STOPS, then TARGETS: what reduces it. Stop before target is the cautious reading of a bar that
  touched both.

Limit: at its price or better, never worse. Stop: at its trigger or, gapped through, at the open,
worse by the order's slippage. Stop-limit: a stop that never pays more than its limit. A price with
slippage is rounded to the tick, away from us, then clamped into the bar's range, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from domain.book import OrderBook, OrderSide
from domain.numbers import ceil_to_tick, floor_to_tick
from domain.orders import Order, OrderKind


class Phase(IntEnum):
    """Where in a bar we are; see the module."""

    OPEN = 0
    ENTRIES = 1
    STOPS = 2
    TARGETS = 3
    OVER = 4


@dataclass(frozen=True, slots=True)
class PriceBar:
    """One bar as the paper venue trades on it; prices in quote, volume in base."""

    open_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Touch(NamedTuple):
    """A price at which an order fills, and what it is held against, in quote."""

    price: Decimal
    expected: Decimal
    clamped: bool = False


def phase_of(order: Order) -> Phase:
    """The phase in which a resting order is touched within a bar."""
    if not order.reduce_only:
        return Phase.ENTRIES
    return Phase.TARGETS if order.kind == "limit" else Phase.STOPS


def is_triggered(order: Order, bar: PriceBar) -> bool:
    """Whether the bar reached the trigger of a stop or stop-limit."""
    if order.kind not in {"stop", "stop_limit"} or order.price is None or not bar.volume:
        return False
    return bar.high >= order.price if order.side == "buy" else bar.low <= order.price


def touched_at_open(
    order: Order, bar: PriceBar, tick: Decimal, *, triggered: bool = False
) -> Touch | None:
    """The fill at the bar's open, if any. `triggered`: a stop set off on an earlier bar."""
    kind, price = _working_as(order, triggered=triggered)
    if kind == "market" or price is None:
        return _slipped(order, bar.open, bar.open, bar, tick)
    if kind == "limit":
        return Touch(bar.open, price) if _within(order, bar.open, price) else None
    if not _through(order, bar.open, price):
        return None
    if order.limit_price is None:
        return _slipped(order, bar.open, price, bar, tick)
    fits = _within(order, bar.open, order.limit_price)
    return _limited(order, bar.open, price, bar, tick) if fits else None


def touched_inside(
    order: Order, bar: PriceBar, tick: Decimal, *, triggered: bool = False
) -> Touch | None:
    """The fill after the open, at the order's own price, if the bar comes that far."""
    kind, price = _working_as(order, triggered=triggered)
    if kind == "market" or price is None:
        return None
    if kind == "limit":
        return Touch(price, price) if _within(order, _best(order, bar), price) else None
    if not is_triggered(order, bar):
        return None
    if order.limit_price is None:
        return _slipped(order, price, price, bar, tick)
    if _through(order, bar.open, price):  # set off by the open, beyond the limit: it rests there
        rests = _within(order, _best(order, bar), order.limit_price)
        return Touch(order.limit_price, price) if rests else None
    # A limit better than the trigger: the bar may have come that far only before it.
    fits = _within(order, price, order.limit_price)
    return _limited(order, price, price, bar, tick) if fits else None


def taken_from_book(
    side: OrderSide, quantity: Decimal, book: OrderBook, tick: Decimal
) -> tuple[Touch, Decimal] | None:
    """A market order taken out of a real book: price and how much of it the book holds.

    The average price is rounded to the tick, away from us. None where the book is empty.
    """
    walk, mid = book.walk(side, quantity), book.mid
    if walk is None or mid is None or not walk.filled:
        return None
    rounded = ceil_to_tick if side == "buy" else floor_to_tick
    return Touch(rounded(walk.vwap, tick), mid), min(walk.filled, quantity)


def _working_as(order: Order, *, triggered: bool) -> tuple[OrderKind, Decimal | None]:
    """A stop that was set off is a market order, a stop-limit a limit order."""
    if not triggered:
        return order.kind, order.price
    return ("market", None) if order.limit_price is None else ("limit", order.limit_price)


def _best(order: Order, bar: PriceBar) -> Decimal:
    return bar.low if order.side == "buy" else bar.high


def _within(order: Order, price: Decimal, limit: Decimal) -> bool:
    return price <= limit if order.side == "buy" else price >= limit


def _through(order: Order, price: Decimal, trigger: Decimal) -> bool:
    return price >= trigger if order.side == "buy" else price <= trigger


def _slipped(
    order: Order, price: Decimal, expected: Decimal, bar: PriceBar, tick: Decimal
) -> Touch:
    if order.side == "buy":
        wanted = ceil_to_tick(price + order.slippage, tick)
        return Touch(min(wanted, bar.high), expected, clamped=wanted > bar.high)
    wanted = floor_to_tick(price - order.slippage, tick)
    return Touch(max(wanted, bar.low), expected, clamped=wanted < bar.low)


def _limited(
    order: Order, price: Decimal, expected: Decimal, bar: PriceBar, tick: Decimal
) -> Touch:
    touch = _slipped(order, price, expected, bar, tick)
    if order.limit_price is None or _within(order, touch.price, order.limit_price):
        return touch
    return Touch(order.limit_price, expected)
