"""What one piece of news changed: applied to the journal whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.lifecycle import PlanStatus
from domain.orders import Fill, FundingPayment, Order
from domain.trade import ClosedTrade


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order they are applied: orders, plans, money, trades."""

    orders: Sequence[Order] = ()
    """New ones, and known ones as they stand now."""
    plans: Sequence[tuple[str, PlanStatus]] = ()
    """Plan id and new status, in order; a plan may open and close in one batch."""
    entries: Sequence[Fill | FundingPayment] = ()
    """Fills and funding in the order of time; each is applied at most once."""
    trades: Sequence[ClosedTrade] = ()

    def __bool__(self) -> bool:
        return bool(self.orders or self.plans or self.entries or self.trades)
