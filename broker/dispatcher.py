"""Sends what was committed: once, and only after the whole gate has seen fresh data.

For each intent in the outbox: an entry is reviewed again on a snapshot of now, against the price
its plan was decided at. Denied, it is never sent. Approved, what is sent is what the gate has just
approved. It is marked as being sent and committed before the venue hears of it, so that a crash
between the two leaves a question to ask the venue and never a second order. All such questions are
asked before anything is sent. Exits go first and are not reviewed: reducing risk is never held
back, in no trading state and with the kill switch too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from broker.marks import marks
from broker.outbox import entry_slippage
from broker.protocol import Broker
from domain.candles import Timeframe
from domain.clock import Clock
from domain.errors import AccessRefused, DataError, Unreachable
from domain.finding import Stated
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Order
from domain.verdict import Denied, Verdict
from journal.books import Journal
from journal.reading import StoredPlan
from journal.standing import account_facts
from market.observe import Observer
from market.protocol import MarketSource
from policies.case import Case, case_of
from policies.facts import market_facts
from policies.gate import review
from policies.settings import Policy


class Dispatched(NamedTuple):
    """What became of one intent."""

    order: Order
    status: OrderStatus
    reason: str
    verdict: Verdict | None
    """The gate's word at send; None for exits and for intents found half sent."""
    case: Case | None = None
    """What the gate saw then; None where there was no word, or nothing could be seen."""


class _Reviewed(NamedTuple):
    verdict: Verdict
    case: Case | None


class Dispatcher:
    """Empties the outbox."""

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        source: MarketSource,
        observer: Observer,
        policy: Policy,
        clock: Clock,
        symbols: Sequence[str],
        timeframe: Timeframe,
        on_dispatched: Callable[[Dispatched], None],
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._source = source
        self._observer = observer
        self._policy = policy
        self._clock = clock
        self._symbols = tuple(symbols)
        self._timeframe = timeframe
        self._tell = on_dispatched
        self._absent: frozenset[str] = frozenset()
        """Half-sent orders of which the venue has just said that it never had them."""

    async def dispatch(self) -> None:
        """Send every pending intent, after asking about those a crash left half sent.

        Raises:
            Unreachable: the venue did not answer; what was being sent stays a question.
        """
        half_sent = self._journal.orders(OrderStatus.SENDING)
        absent = [order for order in half_sent if not await self._found(order)]
        self._absent = frozenset(order.client_order_id for order in absent)
        waiting = [*absent, *self._journal.orders(OrderStatus.PENDING)]
        for order in sorted(waiting, key=lambda o: not o.reduce_only):
            await self._take(order)

    async def _take(self, order: Order) -> None:
        if not order.reduce_only:
            await self._send_entry(order)
        elif self._journal.position(order.symbol) is None:
            self._journal.step(order, OrderStatus.CANCELLED)
            self._tell(Dispatched(order, OrderStatus.CANCELLED, "nothing is held", None))
        else:
            await self._send(order, None)

    async def _found(self, order: Order) -> bool:
        """The venue knows the order: adopt its word. It does not: it is taken up again, same id."""
        found = await self._broker.find(order.client_order_id)
        if found is not None:
            accepted = found.status != OrderStatus.REJECTED
            self._settle(order, accepted, "found at the venue", None)
        return found is not None

    async def _send_entry(self, order: Order) -> None:
        reviewed = await self._review(self._journal.stored_plan(order.plan_id))
        verdict = reviewed.verdict
        if isinstance(verdict, Denied):
            self._journal.deny_at_send(order, verdict.codes)
            reason = verdict.failed[0].sentence if verdict.failed else ""
            self._tell(Dispatched(order, OrderStatus.DENIED, reason, verdict, reviewed.case))
            return
        bracket = verdict.bracket
        slippage = entry_slippage(bracket) if order.kind == "market" else order.slippage
        sized = replace(order, quantity=bracket.quantity, slippage=slippage)
        self._journal.resize(order.plan_id, bracket, sized)
        await self._send(sized, reviewed)

    async def _review(self, stored: StoredPlan) -> _Reviewed:
        """The gate on what is known now; what cannot be seen denies."""
        now, plan = self._clock.now(), stored.plan
        try:
            snapshot = await self._observer.snapshot(plan.symbol, now)
            prices = await marks(self._journal, self._source, now, snapshot)
        except (DataError, Unreachable, AccessRefused) as error:
            return _Reviewed(Denied((_unseen(str(error)),)), None)
        account = account_facts(
            self._journal,
            prices,
            now,
            plan.symbol,
            self._policy,
            self._timeframe,
            exclude_run=plan.run_id,
            answered=self._absent,
        )
        case = case_of(
            plan,
            self._source.instrument(plan.symbol),
            self._symbols,
            market_facts(snapshot, now, self._clock.jump_s()),
            account,
            self._policy,
            self._journal.head_version(plan.run_id),
        )
        return _Reviewed(review(case), case)

    async def _send(self, order: Order, reviewed: _Reviewed | None) -> None:
        self._journal.step(order, OrderStatus.SENDING)
        ack = await self._broker.send(order)
        self._settle(order, ack.accepted, ack.reason, reviewed)

    def _settle(
        self, order: Order, accepted: bool, reason: str, reviewed: _Reviewed | None
    ) -> None:
        status = OrderStatus.WORKING if accepted else OrderStatus.REJECTED
        plan = None
        if order.leg == "entry":
            plan = PlanStatus.WORKING if accepted else PlanStatus.FAILED
        self._journal.step(order, status, plan)
        verdict, case = reviewed or (None, None)
        self._tell(Dispatched(order, status, reason, verdict, case))


def _unseen(message: str) -> Stated:
    sentence = f"The market could not be seen at send: {message}"
    return Stated("STALE_DATA", False, "absent", "fresh data at send", sentence)
