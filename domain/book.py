"""Quote and order book, and the cost of walking it.

A book says where it comes from: `venue` (a real one), `synthetic` (part of a synthetic market) or
`modelled` (derived from candles, because the source has none). The word travels with every number
that was computed from it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from domain.numbers import BPS, ZERO
from domain.quality import QualityFlag

BookOrigin = Literal["venue", "synthetic", "modelled"]
OrderSide = Literal["buy", "sell"]


class Level(NamedTuple):
    """One price level: price in quote, quantity in base."""

    price: Decimal
    quantity: Decimal


class Walk(NamedTuple):
    """What it costs to take a quantity out of one side of a book."""

    vwap: Decimal
    """Volume-weighted price of what was there, in quote."""
    filled: Decimal
    """How much was there, in base; less than asked when the book is too thin."""


class OrderBook(BaseModel):
    """Bids from the highest down, asks from the lowest up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    """When the book was so, UTC."""
    origin: BookOrigin
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    flags: tuple[QualityFlag, ...] = Field(default=(), exclude=True)
    """What was mended in it; a snapshot takes them over, so they are written down once."""

    @property
    def bid(self) -> Decimal | None:
        """Best bid, or None on an empty side."""
        return self.bids[0].price if self.bids else None

    @property
    def ask(self) -> Decimal | None:
        """Best ask, or None on an empty side."""
        return self.asks[0].price if self.asks else None

    @property
    def mid(self) -> Decimal | None:
        """Mean of best bid and best ask; None when a side is empty."""
        if not (self.bids and self.asks):
            return None
        return (self.bids[0].price + self.asks[0].price) / 2

    @property
    def spread_bps(self) -> Decimal | None:
        """(ask - bid) / mid in basis points; negative when crossed, None when a side is empty."""
        mid = self.mid
        if mid is None or mid <= ZERO:
            return None
        return (self.asks[0].price - self.bids[0].price) / mid * BPS

    def side(self, order_side: OrderSide) -> tuple[Level, ...]:
        """The levels that an order of this side takes: asks for a buy, bids for a sell."""
        return self.asks if order_side == "buy" else self.bids

    def walk(self, order_side: OrderSide, quantity: Decimal) -> Walk | None:
        """Take `quantity` (base, > 0) level by level; None when that side is empty."""
        left, paid = quantity, ZERO
        for level in self.side(order_side):
            taken = min(left, level.quantity)
            paid += taken * level.price
            left -= taken
            if left <= ZERO:
                break
        filled = quantity - left
        return Walk(paid / filled, filled) if filled > ZERO else None

    def depth(self, order_side: OrderSide, within_bps: Decimal) -> Decimal:
        """Quantity in base that an order of this side finds within `within_bps` of the mid."""
        mid = self.mid
        if mid is None:
            return ZERO
        reach, found = mid * within_bps / BPS, ZERO
        for price, quantity in self.side(order_side):
            if abs(price - mid) <= reach:
                found += quantity
        return found

    @property
    def imbalance(self) -> Decimal | None:
        """(bid quantity - ask quantity) / total over all levels, -1 to 1; None when empty."""
        bids = sum((lv.quantity for lv in self.bids), ZERO)
        asks = sum((lv.quantity for lv in self.asks), ZERO)
        return (bids - asks) / (bids + asks) if bids + asks > ZERO else None
