"""Several exchanges' last prices held against each other.

A price that one exchange alone has is a fault of that exchange, or of the way to it. The median is
what most of them say; a price further from it than the collar is refused. With two there is no
majority: both lie half their distance from the middle, and both are refused when that is too far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from domain.numbers import BPS

COLLAR_BPS = Decimal(100)
"""Exchanges of a liquid pair agree within 10 bps; in a rush, small ones are off by 50."""


@dataclass(frozen=True, slots=True)
class QuotedPrice:
    """What one exchange says."""

    source: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Collar:
    """Prices around their median."""

    prices: tuple[QuotedPrice, ...]
    """As they were asked for."""
    middle: Decimal
    """Their median, in quote."""
    collar_bps: Decimal

    def distance_bps(self, quoted: QuotedPrice) -> Decimal:
        """How far a price lies from the median, with its sign."""
        return (quoted.price - self.middle) / self.middle * BPS

    @property
    def outside(self) -> tuple[QuotedPrice, ...]:
        """Those that lie outside; never any where only one exchange answered."""
        return tuple(q for q in self.prices if abs(self.distance_bps(q)) > self.collar_bps)

    def sentence(self) -> str:
        """Every price with its distance."""
        told = (f"{q.source} {q.price} ({self.distance_bps(q):+.1f} bps)" for q in self.prices)
        return f"{', '.join(told)}; median {self.middle}, collar {self.collar_bps} bps"


def collar_of(prices: Sequence[QuotedPrice], collar_bps: Decimal = COLLAR_BPS) -> Collar:
    """Hold prices against their median.

    Args:
        prices: at least one, each above 0.
        collar_bps: how far from the median a price may lie, included.
    """
    return Collar(tuple(prices), median(quoted.price for quoted in prices), collar_bps)
