"""A venue made worse: any `Broker`, with the faults that real ones have, at rates that are set.

The same seed and the same acts give the same faults, in any process. What the venue did stays done:
only what is heard of it is lost, late, doubled or out of order. With every rate at nothing, nothing
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from typing_extensions import override

from broker.chance import Act, Call, Chance, Drawn, Fault, FaultName, Silenced
from broker.fault_rates import Faults
from broker.protocol import Ack, Broker, Execution, News, Traits, VenueOrder
from domain.clock import Clock, iso
from domain.numbers import ZERO, plain
from domain.orders import FundingPayment, Order


class _Held(NamedTuple):
    """News to be told yet."""

    after: datetime | None
    """Once the venue is asked about a moment later than this."""
    news: News
    again: bool = False
    """It was told before."""


class _Hiding(NamedTuple):
    left: int
    since: datetime | None


class FaultyBroker(Broker):
    """A broker with faults.

    Args:
        broker: The venue behind it.
        faults: What goes wrong; may be set to something else at any time.
        seed: Of the chance by which it does.
        clock: Says when; without one all that happens is one moment.
        tell: Told of each fault.
        chance: Decides instead of the seed.
    """

    def __init__(
        self,
        broker: Broker,
        faults: Faults,
        seed: int,
        clock: Clock | None = None,
        tell: Callable[[Fault], None] = lambda _: None,
        chance: Chance | None = None,
    ) -> None:
        self.broker = broker
        self.faults = faults
        self._chance = chance or Drawn(seed)
        self._clock = clock
        self._tell = tell
        self._unreachable = 0
        self._refused: dict[str, VenueOrder] = {}
        self._hidden: dict[str, _Hiding] = {}
        self._held: list[_Held] = []

    @property
    @override
    def traits(self) -> Traits:
        mine = self.broker.traits
        return mine._replace(settles_within=max(mine.settles_within, self.faults.settles_within))

    @override
    async def send(self, order: Order) -> Ack:
        name, faults = order.client_order_id, self.faults
        act = self._reach("send", name)
        refused = self._refused.get(name)
        what: FaultName = "reject-exit" if order.reduce_only else "reject"
        share = (
            faults.rejected_exit_fraction if order.reduce_only else faults.rejected_entry_fraction
        )
        if (
            refused is None
            and await self.broker.find(name) is None
            and self._is_fated(what, share, act)
        ):
            refused = VenueOrder(
                name, order.symbol, "rejected", order.quantity, order.price, ZERO, "not now"
            )
            self._refused[name] = refused
        ack = Ack(False, refused.reason) if refused else await self.broker.send(order)
        self._hide(name, act)
        self._answer(act)
        return ack

    @override
    async def amend(self, order: Order) -> Ack:
        act = self._reach("amend", order.client_order_id)
        refused = self._happens("refuse-amend", self.faults.refused_amend_fraction, act)
        ack = Ack(False, "not now") if refused else await self.broker.amend(order)
        self._answer(act)
        return ack

    @override
    async def cancel(self, client_order_id: str) -> Ack:
        act = self._reach("cancel", client_order_id)
        raced = self._happens("race-cancel", self.faults.raced_cancel_fraction, act)
        ack = (
            Ack(False, f"a fill of {client_order_id!r} is under way")
            if raced
            else await self.broker.cancel(client_order_id)
        )
        self._answer(act)
        return ack

    @override
    async def find(self, client_order_id: str) -> VenueOrder | None:
        act = self._reach("find", client_order_id)
        found = self._refused.get(client_order_id) or await self.broker.find(client_order_id)
        self._answer(act)
        return None if self._is_hidden(client_order_id, act) else found

    @override
    async def working(self) -> Sequence[VenueOrder]:
        act = self._reach("working")
        found = await self.broker.working()
        self._answer(act)
        return [order for order in found if not self._is_hidden(order.client_order_id, act)]

    @override
    async def executions(self, since: datetime) -> Sequence[Execution]:
        act = self._reach("executions")
        found = await self.broker.executions(since)
        self._answer(act)
        return found

    @override
    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        act = self._reach("payments")
        found = await self.broker.payments(since)
        self._answer(act)
        return found

    @override
    async def positions(self) -> Mapping[str, Decimal]:
        act = self._reach("positions")
        found = await self.broker.positions()
        self._answer(act)
        return found

    @override
    async def news(self, until: datetime) -> News | None:
        """The next thing to be heard; what is lost on its way is told again later, once or more."""
        self._reach("news")
        faults = self.faults
        while (news := await self.broker.news(until)) is not None:
            news = await self._cut_short(news)
            act = self._of(news)
            if self._is_fated("late", faults.late_news_fraction, act):
                self._held.append(_Held(until, news))
            elif self._is_fated("out-of-order", faults.disordered_news_fraction, act):
                self._held.append(_Held(None, news))
            else:
                return self._told(_Held(None, news))
        ready = [i for i, held in enumerate(self._held) if held.after is None or held.after < until]
        return self._told(self._held.pop(ready[0])) if ready else None

    def _told(self, held: _Held) -> News:
        act = self._of(held.news)
        if self._happens("lost-reply", self.faults.lost_reply_fraction, act):
            self._held.append(held._replace(after=None))
            raise Silenced("the venue's news did not arrive")
        share = self.faults.repeated_news_fraction
        if not held.again and self._is_fated("duplicate", share, act):
            self._held.append(_Held(None, held.news, again=True))
        return held.news

    async def _cut_short(self, news: News) -> News:
        """Where an order was filled in part, the venue may take the rest of it back."""
        orders = []
        for order in news.orders:
            name = order.client_order_id
            act = Act("news", f"{name} {plain(order.filled)}", self._now(), (name,))
            partly = order.status == "working" and order.filled > ZERO
            if partly and self._is_fated("partial-cancel", self.faults.cut_short_fraction, act):
                await self.broker.cancel(name)
                order = await self.broker.find(name) or order
            orders.append(order)
        return news._replace(orders=orders)

    def _of(self, news: News) -> Act:
        """News as an act, named by its content."""
        orders = {e.client_order_id: None for e in news.executions}
        orders |= {o.client_order_id: None for o in news.orders}
        said = [
            *(e.trade_id for e in news.executions),
            *(f"{o.client_order_id} {o.status} {plain(o.filled)}" for o in news.orders),
            *(f"{p.symbol} {iso(p.at)}" for p in news.funding),
        ]
        return Act("news", " ".join(said), self._now(), tuple(orders))

    def _now(self) -> datetime | None:
        return self._clock.now() if self._clock else None

    def _reach(self, call: Call, name: str = "") -> Act:
        """A request on its way.

        Raises:
            Silenced: it is lost.
        """
        act = Act(call, name, self._now(), (name,) if name else ())
        if self._unreachable:
            self._unreachable -= 1
            raise Silenced("the venue is out of reach")
        if self._happens("outage", self.faults.outage_fraction, act):
            self._unreachable = self.faults.outage_calls_count
            raise Silenced("the venue is out of reach")
        if self._happens("lost-request", self.faults.lost_request_fraction, act):
            raise Silenced("the request did not arrive")
        return act

    def _answer(self, act: Act) -> None:
        """An answer on its way.

        Raises:
            Silenced: it is lost.
        """
        if self._happens("lost-reply", self.faults.lost_reply_fraction, act):
            raise Silenced("the answer did not arrive")

    def _hide(self, name: str, act: Act) -> None:
        """A new order that the venue's own lists will show late."""
        count = self.faults.hidden_answers_count
        if count and name not in self._hidden:
            hides = self._is_fated("hidden", self.faults.hidden_fraction, act)
            self._hidden[name] = _Hiding(count if hides else 0, act.moment)

    def _is_hidden(self, name: str, act: Act) -> bool:
        left, since = self._hidden.get(name, _Hiding(0, None))
        promised = self.faults.settles_within
        if not promised or (since and act.moment and act.moment - since >= promised):
            return False
        if left:
            self._hidden[name] = _Hiding(left - 1, since)
        return left > 0

    def _happens(self, fault: FaultName, share: float, act: Act) -> bool:
        return self._say(fault, act, self._chance.happens(fault, share, act))

    def _is_fated(self, fault: FaultName, share: float, act: Act) -> bool:
        return self._say(fault, act, self._chance.fated(fault, share, act))

    def _say(self, fault: FaultName, act: Act, happens: bool) -> bool:
        if happens:
            order = act.orders[0] if act.orders else ""
            self._tell(Fault(fault, act.call, order, act.moment))
        return happens
