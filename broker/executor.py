"""Lets time go on at the venue, and does what has to be done as it happens.

After each thing that happened, what follows from it is at the venue before the next one: a stop
before the bar goes on, a cancel before the order can fill again. In between lie the plans' own
deadlines: an entry whose time is over is taken back, a position at its horizon is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from broker.dispatcher import Dispatcher
from broker.follower import Follower
from broker.marks import marks
from broker.outbox import PAPER_ACCOUNT, close_order
from broker.protocol import Broker
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order
from journal.batch import Batch
from journal.books import Journal
from market.protocol import MarketSource


class Executor:
    """The account's hands: it follows the venue and keeps every deadline."""

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        follower: Follower,
        dispatcher: Dispatcher,
        source: MarketSource,
        account: str = PAPER_ACCOUNT,
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._follower = follower
        self._dispatcher = dispatcher
        self._source = source
        self._account = account

    async def advance(self, until: datetime) -> None:
        """Follow the venue up to `until`, deadline after deadline.

        Raises:
            Unreachable: the venue did not answer; what was told so far is booked.
        """
        kept: datetime | None = None
        while (due := self._next_deadline(kept)) is not None and due <= until:
            await self._follow(due)
            await self._keep(due)
            kept = due
        await self._follow(until)

    async def dispatch(self) -> None:
        """Send everything that waits.

        Raises:
            Unreachable: the venue did not answer; what was being sent stays a question.
        """
        await self._dispatcher.dispatch()

    async def settle(self, now: datetime) -> None:
        """Send everything that waits, and follow what the venue says at once."""
        await self._dispatcher.dispatch()
        await self._follow(now)

    async def marks(self, at: datetime) -> Mapping[str, Decimal]:
        """Newest price per symbol that is held or worked.

        Raises:
            DataError: one has none.
        """
        return await marks(self._journal, self._source, at)

    async def _follow(self, until: datetime) -> None:
        await self._dispatcher.exits(until)
        while (news := await self._broker.news(until)) is not None:
            await self._follower.take(news, until)
            await self._dispatcher.exits(until)

    def _next_deadline(self, kept: datetime | None) -> datetime | None:
        """The earliest moment, after the one just kept, at which an entry or a position is over."""
        entries = [o.expires_at for o in self._entries() if o.expires_at is not None]
        plans = [plan.close_at for plan in self._journal.plans(PlanStatus.OPEN)]
        ahead = [due for due in (*entries, *plans) if kept is None or due > kept]
        return min(ahead, default=None)

    async def _keep(self, due: datetime) -> None:
        """Everything that is over at `due`."""
        changed = [
            _over(order)
            for order in self._entries()
            if order.expires_at is not None and order.expires_at <= due
        ]
        if changed:
            self._journal.apply(Batch(changed))
            for order in changed:
                self._follower.guard(order.plan_id, due)
        for stored in self._journal.plans(PlanStatus.OPEN):
            position = self._journal.position(stored.plan.symbol)
            if stored.close_at > due or position is None:
                continue
            run_id, slippage = stored.plan.run_id, stored.bracket.stop_slippage
            order = close_order(position, "time", due, run_id, self._account, slippage)
            self._journal.commit_exit(order)
        await self._dispatcher.exits(due)

    def _entries(self) -> list[Order]:
        """Entries that may still fill and are not being taken back already."""
        waiting = [OrderStatus.PENDING, OrderStatus.WORKING]
        return [o for o in self._journal.orders(*waiting) if o.leg == "entry"]


def _over(order: Order) -> Order:
    pending = order.status == OrderStatus.PENDING
    return replace(order, status=OrderStatus.EXPIRED if pending else OrderStatus.CANCELLING)
