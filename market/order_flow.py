"""What book, trades and liquidations say of who is pressing: pure arithmetic.

All quantities are in base. A book that ends before a distance is reached says so: what lies beyond
its last level is not nothing, it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.book import Level, OrderBook
from domain.numbers import BPS, ZERO
from market.protocol import Liquidation, MarketTrade


@dataclass(frozen=True, slots=True)
class DepthAt:
    """What rests within a distance of the mid."""

    within_bps: Decimal
    bids: Decimal
    """Base that a seller finds."""
    asks: Decimal
    """Base that a buyer finds."""
    is_whole: bool
    """False where the book ends nearer than that: both numbers are then the least there is."""

    @property
    def imbalance(self) -> Decimal | None:
        """(bids - asks) / (bids + asks), -1 to 1; None where there is neither."""
        total = self.bids + self.asks
        return (self.bids - self.asks) / total if total > ZERO else None


@dataclass(frozen=True, slots=True)
class TradeFlow:
    """Public trades split by who crossed the spread."""

    trades_count: int
    first_at: datetime
    last_at: datetime
    bought: Decimal
    """Base taken from the asks."""
    sold: Decimal
    """Base given to the bids."""
    vwap: Decimal
    """Volume-weighted price, in quote."""

    @property
    def buy_fraction(self) -> Decimal:
        """Share of the volume that was bought, 0 to 1."""
        return self.bought / (self.bought + self.sold)


@dataclass(frozen=True, slots=True)
class LiquidationFlow:
    """Forced closes by the side that was closed."""

    count: int
    first_at: datetime
    last_at: datetime
    longs: Decimal
    """Base of longs that were sold."""
    shorts: Decimal
    """Base of shorts that were bought back."""


def depth_profile(book: OrderBook, distances_bps: Sequence[Decimal]) -> tuple[DepthAt, ...]:
    """Depth and imbalance within each distance of the mid; empty without a mid."""
    mid = book.mid
    if mid is None:
        return ()
    reach_bps = min(_reach_bps(book.bids, mid), _reach_bps(book.asks, mid))
    return tuple(
        DepthAt(
            within,
            bids=book.depth("sell", within),
            asks=book.depth("buy", within),
            is_whole=within <= reach_bps,
        )
        for within in distances_bps
    )


def by_aggressor(trades: Sequence[MarketTrade]) -> tuple[Decimal, Decimal]:
    """Bought and sold, in base."""
    bought = sum((t.quantity for t in trades if t.aggressor == "buy"), ZERO)
    return bought, sum((t.quantity for t in trades if t.aggressor == "sell"), ZERO)


def trade_flow(trades: Sequence[MarketTrade]) -> TradeFlow | None:
    """Trades, oldest first, split by aggressor; None where none has a quantity."""
    bought, sold = by_aggressor(trades)
    if not bought + sold > ZERO:
        return None
    paid = sum((t.price * t.quantity for t in trades), ZERO)
    return TradeFlow(
        trades_count=len(trades),
        first_at=trades[0].at,
        last_at=trades[-1].at,
        bought=bought,
        sold=sold,
        vwap=paid / (bought + sold),
    )


def liquidation_flow(found: Sequence[Liquidation]) -> LiquidationFlow | None:
    """Forced closes, oldest first, by side; None where there are none."""
    if not found:
        return None
    return LiquidationFlow(
        count=len(found),
        first_at=found[0].at,
        last_at=found[-1].at,
        longs=sum((each.quantity for each in found if each.order_side == "sell"), ZERO),
        shorts=sum((each.quantity for each in found if each.order_side == "buy"), ZERO),
    )


def _reach_bps(levels: Sequence[Level], mid: Decimal) -> Decimal:
    return abs(levels[-1].price - mid) / mid * BPS
