"""Lets time go on at the venue, and does what has to be done as it happens.

After each thing that happened, what follows from it is at the venue before the next one: a stop
before the bar goes on, a cancel before the order can fill again. In between lie the plans' own
deadlines: an entry whose time is over is taken back, a position at its horizon is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from broker.closing import close_order, closes, reductions, retry_at, sellable
from broker.dispatcher import Dispatcher
from broker.exits import withdrawn
from broker.follower import Follower, moment_of
from broker.guard import Guard
from broker.invalidation import Invalidation
from broker.marks import marks
from broker.outbox import PAPER_ACCOUNT
from broker.path import PathKeeper
from broker.protocol import Broker
from broker.reconciler import Reconciled, Reconciler
from broker.treasury import Treasury, carried_out
from domain.lifecycle import LIVE, PLAN_STEPS, OrderStatus, PlanStatus
from domain.orders import CloseReason, Order, Position
from journal.batch import Batch
from journal.books import Journal
from journal.operator import killed
from market.protocol import MarketSource


class Executor:
    """The account's hands: it follows the venue and keeps every deadline."""

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        follower: Follower,
        dispatcher: Dispatcher,
        reconciler: Reconciler,
        guard: Guard,
        source: MarketSource,
        account: str = PAPER_ACCOUNT,
        path: PathKeeper | None = None,
        treasury: Treasury | None = None,
        invalidation: Invalidation | None = None,
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._follower = follower
        self._dispatcher = dispatcher
        self._reconciler = reconciler
        self._guard = guard
        self._source = source
        self._account = account
        self._path = path
        self._treasury = treasury
        self._invalidation = invalidation
        self._alone = asyncio.Lock()
        """Two tasks never act on the venue at once, nor on half of what the other one did."""
        self._killed = False
        self._notices: list[str] = []

    def notices(self) -> list[str]:
        """What a person should know of, each said once."""
        said, self._notices = self._notices, []
        return said

    async def reconcile(self, now: datetime) -> Reconciled:
        """Compare with the venue; what it halts for is a notice.

        Raises:
            Unreachable: the venue did not answer.
        """
        async with self._alone:
            before = self._journal.mismatches
            found = await self._reconciler.reconcile(now)
        if found.booked:
            self._notices.append(f"{found.booked} fills or payments were booked late")
        if found.mismatches and tuple(found.mismatches) != before:
            self._notices.append(f"halted: {'; '.join(found.mismatches)}")
        return found

    async def advance(self, until: datetime) -> None:
        """Follow the venue up to `until`, deadline after deadline.

        Raises:
            Unreachable: the venue did not answer; what was told so far is booked.
        """
        async with self._alone:
            await self._obey(until)
            await self._go(until)
            if self._path is not None:
                await self._path.keep(until)

    async def dispatch(self) -> None:
        """Send everything that waits.

        Raises:
            Unreachable: the venue did not answer; what was being sent stays a question.
        """
        async with self._alone:
            await self._dispatcher.dispatch()

    async def manage(self, now: datetime) -> None:
        """Leave plans that are wrong by their own words, move stops as the policy says.

        Raises:
            Unreachable: the venue did not answer; what was to be moved stays to be moved.
        """
        async with self._alone:
            if self._invalidation is not None:
                await self._invalidation.watch(now)
            await self._guard.manage(now)
            await self._dispatcher.exits(now)

    async def settle(self, now: datetime) -> None:
        """Send everything that waits, and follow what the venue says at once.

        Deadlines first: what is over by now is not sent.
        """
        async with self._alone:
            await self._obey(now)
            await self._go(now)
            await self._dispatcher.dispatch()
            await self._follow(now)

    async def marks(self, at: datetime) -> Mapping[str, Decimal]:
        """Newest price per symbol that is held or worked.

        Raises:
            DataError: one has none.
        """
        return await marks(self._journal, self._source, at)

    async def _go(self, until: datetime) -> None:
        """Follow the venue, deadline after deadline."""
        kept: datetime | None = None
        while (due := self._next_deadline(kept)) is not None and due <= until:
            await self._follow(due)
            await self._keep(due)
            kept = due
        await self._follow(until)

    async def _follow(self, until: datetime) -> None:
        await self._dispatcher.exits(until)
        while (news := await self._broker.news(until)) is not None:
            await self._follower.take(news, until)
            await self._dispatcher.exits(moment_of(news, until))

    def _next_deadline(self, kept: datetime | None) -> datetime | None:
        """The earliest moment, after the one just kept, at which something is to be done."""
        entries = [o.expires_at for o in self._entries() if o.expires_at is not None]
        plans = [plan.close_at for plan in self._journal.plans(PlanStatus.OPEN)]
        again = [due for _, due in self._retries()]
        ahead = [due for due in (*entries, *plans, *again) if kept is None or due > kept]
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
            if stored.close_at > due:
                continue
            position = self._journal.position(stored.plan.symbol)
            closing = None if position is None else self._close(position, "time", due)
            if closing is not None:
                self._journal.commit_exit(closing)
        for plan_id, again in self._retries():
            if again <= due:
                self._follower.guard(plan_id, due)
        await self._dispatcher.exits(due)

    def _retries(self) -> list[tuple[str, datetime]]:
        """Plans that hold what could not be sold so far, and when that is tried again."""
        found = []
        for position in self._journal.ledger().positions.values():
            status = self._journal.stored_plan(position.plan_id).status
            orders = self._journal.plan_orders(position.plan_id)
            whole = status == PlanStatus.CLOSING or not PLAN_STEPS[status]
            due = retry_at(closes(orders) if whole else reductions(orders))
            if due is not None and sellable(position, self._source.instrument(position.symbol)):
                found.append((position.plan_id, due))
        return found

    async def _obey(self, now: datetime) -> None:
        """Carry out what an operator said; under the kill switch no entry is left to fill.

        Stops and targets stay: they only reduce risk.
        """
        for act in self._journal.acts():
            if act.act == "deposit":
                deposit, words = await carried_out(self._treasury, act)
                self._journal.obey(act.sequence, deposit=deposit)
                self._notices.append(words)
                continue
            orders = self._closing(now) if act.act == "flatten" else []
            self._journal.obey(act.sequence, orders)
            if orders:
                closed = ", ".join(order.symbol for order in orders)
                self._notices.append(f"flatten: {closed} is closed at the market ({act.reason})")
        was, self._killed = (
            self._killed,
            bool(killed(self._journal.database, self._journal.session)),
        )
        if not self._killed:
            return
        changed = withdrawn(self._entries())
        if changed:
            self._journal.apply(Batch(changed))
            for order in changed:
                self._follower.guard(order.plan_id, now)
        if changed or not was:
            stops = sum(1 for o in self._journal.orders(*LIVE) if o.leg == "stop")
            self._notices.append(
                f"kill switch: {_count(len(changed), 'entry', 'entries')} taken back, "
                f"{_count(stops, 'stop stays', 'stops stay')}"
            )

    def _closing(self, now: datetime) -> list[Order]:
        """Orders that close everything that is held and not being closed already."""
        held = sorted(self._journal.ledger().positions.items())
        orders = [self._close(position, "manual", now) for _, position in held]
        return [order for order in orders if order is not None]

    def _close(self, position: Position, reason: CloseReason, at: datetime) -> Order | None:
        stored = self._journal.stored_plan(position.plan_id)
        return close_order(
            position,
            self._journal.plan_orders(position.plan_id),
            self._source.instrument(position.symbol),
            reason,
            at,
            stored.plan.run_id,
            self._account,
            stored.bracket.stop_slippage,
        )

    def _entries(self) -> list[Order]:
        """Entries that may still fill and are not being taken back already."""
        waiting = [OrderStatus.PENDING, OrderStatus.WORKING]
        return [o for o in self._journal.orders(*waiting) if o.leg == "entry"]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _over(order: Order) -> Order:
    pending = order.status == OrderStatus.PENDING
    return replace(order, status=OrderStatus.EXPIRED if pending else OrderStatus.CANCELLING)
