"""Makes the venue agree with the journal: sends, amends and takes back, each act once.

An entry is reviewed again on a snapshot of now, against the price its plan was decided at. Denied,
it is never sent. Approved, what is sent is what the gate has just approved. It is marked as being
sent and committed before the venue hears of it, so that a crash between the two leaves a question
to ask the venue and never a second order. All such questions are asked before anything is sent.
Exits go first and are not reviewed: reducing risk is never held back, in no trading state and with
the kill switch too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from broker.closing import under_way
from broker.follower import Follower
from broker.outbox import entry_slippage
from broker.protocol import Broker, News
from broker.review import Review, Reviewed
from domain.clock import Clock
from domain.finding import Stated
from domain.lifecycle import LIVE, PLAN_STEPS, OrderStatus, PlanStatus
from domain.numbers import ZERO, plain
from domain.orders import Order, live_stop
from domain.plan import TradePlan
from domain.verdict import Bracket, Denied, Verdict
from journal.batch import Batch
from journal.books import Journal
from policies.case import Case

ANSWERS_COUNT = 3
"""How often a venue that shows new orders late is asked before its "no" counts."""

_TOO_LATE = Stated(
    "PLAN_SUPERSEDED",
    False,
    "filled",
    "unfilled",
    "The entry that this version replaces has filled in the meantime; its plan stands.",
)
_CLOSED = Stated(
    "PLAN_SUPERSEDED",
    False,
    "closed or closing",
    "open",
    "The position that this version adds to is closed in the meantime, or is being closed.",
)
_STOP_STAYED = Stated(
    "REPLAN_RISK_INCREASE",
    False,
    "not confirmed",
    "the new stop",
    "The venue has not moved the stop to where the larger position needs it: nothing is added.",
)


class Dispatched(NamedTuple):
    """What became of one intent."""

    order: Order
    status: OrderStatus
    reason: str
    verdict: Verdict | None
    """The gate's word at send; None for exits and for intents found half sent."""
    case: Case | None = None
    """What the gate saw then; None where there was no word, or nothing could be seen."""


class Dispatcher:
    """Empties the outbox: every order that is not yet at the venue as it should be."""

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        follower: Follower,
        review: Review,
        clock: Clock,
        on_dispatched: Callable[[Dispatched], None],
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._follower = follower
        self._review = review
        self._clock = clock
        self._tell = on_dispatched
        self._denied: dict[str, list[datetime]] = {}
        """Half-sent orders, and when the venue said that it does not have them."""
        self._absent: set[str] = set()
        """Half-sent entries that the venue never had: to be sent anew."""

    async def dispatch(self) -> None:
        """Everything: questions, exits, then entries.

        Raises:
            Unreachable: the venue did not answer; what was being sent stays a question.
        """
        await self.exits()
        half_sent = self._journal.orders(OrderStatus.SENDING)
        for order in self._still(half_sent, OrderStatus.SENDING):
            if order.client_order_id in self._absent:
                await self._send_entry(order)
        for order in self._journal.orders(OrderStatus.PENDING):
            if not order.reduce_only:
                await self._send_entry(order)

    async def exits(self, at: datetime | None = None) -> None:
        """What is half sent, and what reduces risk: exits, amendments, and orders to take back.

        An entry that the venue never had waits for `dispatch`: sent at another moment than that of
        its undisturbed session, it would be filled at another price.

        Args:
            at: The moment at the venue, where it is not the clock's: bars that are played later.

        Raises:
            Unreachable: the venue did not answer.
        """
        now = at or self._clock.now()
        half_sent = self._journal.orders(OrderStatus.SENDING)
        absent = [order for order in half_sent if await self._is_absent(order, now)]
        self._absent = {order.client_order_id for order in absent if not order.reduce_only}
        for order in self._still(absent, OrderStatus.SENDING):
            if order.reduce_only:
                await self._send(order, None, now)
        await self._make_exits_so(now)

    async def _make_exits_so(self, now: datetime) -> None:
        """Exits are sent, what is placed otherwise than wanted is amended, what has to go goes."""
        await self._send_exits(now)
        working = self._journal.orders(OrderStatus.WORKING)
        for order in self._still(working, OrderStatus.WORKING):
            if not order.is_placed_as_wanted:
                await self._amend(order, now)
        for order in self._journal.orders(OrderStatus.CANCELLING):
            await self._cancel(order, now)
        await self._send_exits(now)  # what followed from the venue's answers

    def _still(self, orders: Sequence[Order], status: OrderStatus) -> Iterator[Order]:
        """Each as it stands when its turn comes: the one before may have changed it."""
        for order in orders:
            now = self._journal.order(order.client_order_id)
            if now is not None and now.status == status:
                yield now

    async def _send_exits(self, now: datetime) -> None:
        """Every pending exit, and those that follow from a refusal; stops before all others."""
        while waiting := [o for o in self._journal.orders(OrderStatus.PENDING) if self._exits(o)]:
            await self._send(min(waiting, key=lambda order: order.leg != "stop"), None, now)

    def _exits(self, order: Order) -> bool:
        """Whether it is an exit to be sent: a close waits while nothing of its entry has filled."""
        if order.leg != "close":
            return order.reduce_only
        plan = self._journal.plan_orders(order.plan_id)
        entries = [o for o in plan if o.leg == "entry"]
        return any(o.filled for o in entries) or not any(o.status in LIVE for o in entries)

    async def _is_absent(self, order: Order, now: datetime) -> bool:
        """Half sent: the venue's word is adopted. True where it never had it: to be sent anew.

        One "no" is enough where the venue shows at once what it has; else several over a while are,
        and where a repetition could double the order it is given up instead.
        """
        found = await self._broker.find(order.client_order_id)
        if found is not None:
            self._denied.pop(order.client_order_id, None)
            await self._follower.take(News(orders=[found]), now)
            self._say(order, "found at the venue")
            return False
        answers = self._denied.setdefault(order.client_order_id, [])
        answers.append(now)
        traits = self._broker.traits
        if traits.settles_within and (
            len(answers) < ANSWERS_COUNT or now - min(answers) < traits.settles_within
        ):
            return False
        if not PLAN_STEPS[self._journal.stored_plan(order.plan_id).status]:
            # An exit of a plan that is over: sent now, it would reduce what another one holds.
            self._journal.apply(Batch([replace(order, status=OrderStatus.CANCELLED)]))
            self._say(order, "its plan is over")
            return False
        if not traits.dedupes:
            self._journal.apply(Batch([replace(order, status=OrderStatus.LOST)]))
            self._follower.guard(order.plan_id, now)
            self._say(order, "the venue never had it")
        return traits.dedupes

    async def _send_entry(self, order: Order) -> None:
        """Send an entry, if the gate still approves it; one that enters anew waits for the old."""
        version, orders = self._journal.version_of(order), self._journal.plan_orders(order.plan_id)
        entries = [o for o in orders if o.leg == "entry" and o != order]
        if any(o.status in LIVE for o in entries):
            return
        if under_way(orders) is not None and not any(o.filled for o in entries):
            self._journal.apply(Batch([replace(order, status=OrderStatus.CANCELLED)]))
            self._follower.guard(order.plan_id, self._clock.now())
            self._say(order, "its plan is to be left")
            return
        if over := self._is_over(version.plan, order, orders):
            self._deny(order, Denied((over,)), None)
            return
        reviewed = await self._review.review(version, self._denied)
        verdict = reviewed.verdict
        if isinstance(verdict, Denied):
            self._deny(order, verdict, reviewed.case)
            return
        bracket = verdict.bracket
        slippage = entry_slippage(bracket) if order.kind == "market" else order.slippage
        sized = replace(order, quantity=bracket.quantity, slippage=slippage)
        now = self._clock.now()
        if found := self._journal.begin_entry(sized, now):
            self._say_denied(sized, Denied(found), reviewed.case)
            return
        # Not before: a version that somebody has stopped is never the head.
        self._journal.resize(version.plan, bracket, sized)
        if version.plan.act == "scale_in" and not await self._is_guarded(sized, bracket, now):
            self._deny(sized, Denied((_STOP_STAYED,)), reviewed.case)
            return
        await self._send(sized, reviewed, now)

    def _is_over(self, plan: TradePlan, order: Order, orders: Sequence[Order]) -> Stated | None:
        """What has come between a version's approval and its entry, if anything has."""
        filled = any(o.filled for o in orders if o.leg == "entry" and o != order)
        if plan.act == "replace" and filled:
            return _TOO_LATE
        if plan.act == "scale_in" and not self._may_be_added_to(order, orders):
            return _CLOSED
        return None

    async def _is_guarded(self, order: Order, bracket: Bracket, now: datetime) -> bool:
        """Whether the venue has the stop that held and added together were sized for.

        It is moved first: never is more held than the stop that works was meant for.
        """
        self._follower.guard(order.plan_id, now)
        await self._make_exits_so(now)
        stop = live_stop(self._journal.plan_orders(order.plan_id))
        if stop is None or stop.placed_price is None:
            return False
        away = bracket.stop_price - stop.placed_price
        return (away if bracket.side == "long" else -away) <= ZERO

    def _may_be_added_to(self, order: Order, orders: Sequence[Order]) -> bool:
        """Whether the plan still holds something, and nobody is closing it."""
        held = self._journal.position(order.symbol)
        open_still = self._journal.stored_plan(order.plan_id).status == PlanStatus.OPEN
        mine = held is not None and held.plan_id == order.plan_id
        return open_still and mine and under_way(orders) is None

    def _deny(self, order: Order, verdict: Denied, case: Case | None) -> None:
        """Never sent. Was it all that its plan waited for, the plan is over."""
        self._journal.deny_at_send(order, verdict.codes)
        self._follower.guard(order.plan_id, self._clock.now())
        self._say_denied(order, verdict, case)

    def _say_denied(self, order: Order, verdict: Denied, case: Case | None) -> None:
        reason = verdict.failed[0].sentence if verdict.failed else ""
        self._tell(Dispatched(order, OrderStatus.DENIED, reason, verdict, case))

    async def _send(self, order: Order, reviewed: Reviewed | None, now: datetime) -> None:
        if reviewed is None:  # an entry is marked in `begin_entry`, where the kill switch is read
            self._journal.step(order, OrderStatus.SENDING)
        ack = await self._broker.send(order)
        if ack.accepted:
            order = order.placed(order.quantity, order.price)
        else:
            order = replace(order, status=OrderStatus.REJECTED)
        self._journal.apply(Batch([order]))
        self._follower.guard(order.plan_id, now)
        verdict, case = reviewed or (None, None)
        self._tell(Dispatched(order, order.status, ack.reason, verdict, case))

    async def _amend(self, order: Order, now: datetime) -> None:
        ack = await self._broker.amend(order)
        if ack.accepted:
            self._journal.apply(Batch([order.placed(order.quantity, order.price)]))
            price = "" if order.price is None else f" at {plain(order.price)}"
            self._say(order, f"amended: {plain(order.quantity)}{price}")
        else:
            await self._look(order, now)

    async def _cancel(self, order: Order, now: datetime) -> None:
        await self._broker.cancel(order.client_order_id)
        await self._look(order, now)

    async def _look(self, order: Order, now: datetime) -> None:
        """Only the venue says what became of an order that it would not change."""
        found = await self._broker.find(order.client_order_id)
        if found is not None:
            await self._follower.take(News(orders=[found]), now)

    def _say(self, order: Order, reason: str) -> None:
        known = self._journal.order(order.client_order_id) or order
        self._tell(Dispatched(known, known.status, reason, None))
