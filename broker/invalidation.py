"""Watches what standing plans say would prove them wrong; needs no model to act on it.

It only ever leaves: an open position is closed at the market, an entry that waits is taken back.
Where a condition cannot be read nothing happens: the stop is at the venue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from broker.closing import close_order
from broker.exits import withdrawn
from broker.follower import Follower
from broker.outbox import PAPER_ACCOUNT
from domain.errors import MARKET_FAILURES
from domain.lifecycle import LIVE, PlanStatus
from domain.orders import Order
from journal.batch import Batch
from journal.books import Journal
from journal.reading import StoredPlan
from market.observe import Observer
from market.protocol import MarketSource
from policies.conditions import Reading, readings

_STANDING = (PlanStatus.APPROVED, PlanStatus.WORKING, PlanStatus.OPEN)


class Invalidated(NamedTuple):
    """A plan that is wrong by its own words."""

    stored: StoredPlan
    reading: Reading
    """The first of its conditions that holds."""
    at: datetime


class Invalidation:
    """Leaves plans whose own conditions hold.

    Args:
        journal: The plans, and what is committed about them.
        source: Knows the instruments.
        observer: Reads the market.
        follower: Brings a plan to where it stands without its entry.
        tell: Told of each plan that is left.
        account: Enters the ids of orders.
    """

    def __init__(
        self,
        journal: Journal,
        source: MarketSource,
        observer: Observer,
        follower: Follower,
        tell: Callable[[Invalidated], None],
        account: str = PAPER_ACCOUNT,
    ) -> None:
        self._journal = journal
        self._source = source
        self._observer = observer
        self._follower = follower
        self._tell = tell
        self._account = account

    async def watch(self, now: datetime) -> None:
        """Commit what follows from the conditions that hold now."""
        for stored in self._journal.plans(*_STANDING):
            asked = stored.plan.draft.invalid_if
            if not asked:
                continue
            try:
                snapshot = await self._observer.snapshot(stored.plan.symbol, now)
            except MARKET_FAILURES:
                continue
            held = next((each for each in readings(asked, snapshot) if each.holds), None)
            if held is not None and self._leave(stored, now):
                self._tell(Invalidated(stored, held, now))

    def _leave(self, stored: StoredPlan, now: datetime) -> bool:
        """Close what is held, else take back what waits; False where neither is to be done."""
        orders = self._journal.plan_orders(stored.plan.plan_id)
        close = None
        if not any(order.leg == "close" and order.status in LIVE for order in orders):
            close = self._close(stored, orders, now)
        if close is not None:
            self._journal.commit_exit(close)
            return True
        gone = withdrawn([order for order in orders if order.leg == "entry"])
        if gone:
            self._journal.apply(Batch(gone))
            self._follower.guard(stored.plan.plan_id, now)
        return bool(gone)

    def _close(self, stored: StoredPlan, orders: Sequence[Order], now: datetime) -> Order | None:
        position = self._journal.position(stored.plan.symbol)
        if position is None or position.plan_id != stored.plan.plan_id:
            return None
        return close_order(
            position,
            orders,
            self._source.instrument(stored.plan.symbol),
            "invalidated",
            now,
            stored.plan.run_id,
            self._account,
            stored.bracket.stop_slippage,
        )
