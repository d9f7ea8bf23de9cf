"""A closed round trip: from flat to flat in one instrument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.orders import CloseReason
from domain.plan import Side


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """What one trade wanted, did and cost. Money in quote, quantities in base."""

    plan_id: str
    symbol: str
    side: Side
    quantity: Decimal
    """Largest size held."""
    entry_price: Decimal
    """Average over the entry fills."""
    exit_price: Decimal
    """Average over the exit fills."""
    opened_at: datetime
    closed_at: datetime
    gross: Decimal
    """Profit before fees and funding."""
    fees: Decimal
    """Paid on both sides."""
    funding: Decimal
    """Paid (positive) or received (negative) while open."""
    risk_amount: Decimal
    """Planned loss at the stop, all costs included; 1 R."""
    close_reason: CloseReason
    """Why the last part was closed."""

    @property
    def net(self) -> Decimal:
        """Profit after fees and funding."""
        return self.gross - self.fees - self.funding

    def spans(self, at: datetime) -> bool:
        """Whether funding that fell due at `at` is this trade's."""
        return self.opened_at < at <= self.closed_at

    @property
    def r_multiple(self) -> Decimal:
        """`net` in units of the planned risk."""
        return self.net / self.risk_amount
