"""What one advance of the venue changed: applied to the journal whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Fill, FundingPayment, Order
from domain.trade import ClosedTrade


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order they are applied: orders, steps, money, trades, cursor."""

    new_orders: Sequence[Order] = ()
    steps: Sequence[tuple[str, OrderStatus]] = ()
    """Client order id and new status, in order."""
    plans: Sequence[tuple[str, PlanStatus]] = ()
    """Plan id and new status, in order; a plan may open and close in one batch."""
    entries: Sequence[Fill | FundingPayment] = ()
    """Fills and funding in the order of time; each is applied at most once."""
    resized: Mapping[str, Order] = field(default_factory=dict)
    """Orders whose quantity or price changed, by client order id."""
    trades: Sequence[ClosedTrade] = ()
    cursor: datetime | None = None
    """The venue has processed everything up to here."""
