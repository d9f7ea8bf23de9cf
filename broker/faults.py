"""A venue made worse: any `Broker`, with the faults that real ones have, at rates that are set.

The same seed and the same questions give the same faults. What the venue did stays done: only what
is heard of it is lost, late, doubled or out of order. With every rate at nothing, nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from typing_extensions import override

from broker.protocol import Ack, Broker, Execution, News, Traits, VenueOrder
from domain.errors import Unreachable
from domain.numbers import ZERO
from domain.orders import FundingPayment, Order


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong; shares lie between 0 and 1, of the acts that they can befall."""

    lost_request_fraction: float = 0.0
    """Of all questions and acts: the venue never hears of it, and there is no answer."""
    lost_reply_fraction: float = 0.0
    """Of all questions and acts: the venue does it, and there is no answer."""
    outage_fraction: float = 0.0
    """Of all questions and acts: from this one on the venue is out of reach for a stretch."""
    outage_calls_count: int = 5
    """How many questions and acts such a stretch lasts."""
    late_news_fraction: float = 0.0
    """Of the news: told only when the venue is asked about a later moment."""
    repeated_news_fraction: float = 0.0
    """Of the news: told again after others."""
    disordered_news_fraction: float = 0.0
    """Of the news: told after what came later."""
    rejected_entry_fraction: float = 0.0
    """Of new entries: refused for good."""
    rejected_exit_fraction: float = 0.0
    """Of new stops, targets and closes: refused for good."""
    refused_amend_fraction: float = 0.0
    """Of amendments: refused; the order works on as it was."""
    raced_cancel_fraction: float = 0.0
    """Of cancels: refused because a fill is under way; the order works on."""
    cut_short_fraction: float = 0.0
    """Of partial fills: the venue takes the rest of the order back by itself."""
    hidden_answers_count: int = 0
    """How often a new order is not shown yet, when it is asked for or orders are listed."""
    settles_within: timedelta = timedelta(0)
    """What the venue says of that: how long until a new order is sure to be shown.

    At least a little where `hidden_answers_count` is not 0, so that one "no" is not believed.
    """

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name.endswith("_fraction") and not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)!r}, was expected within 0 to 1")
        if self.hidden_answers_count and not self.settles_within:
            raise ValueError(
                "hidden_answers_count without settles_within: a venue that shows orders late has "
                "to say so, or they would be sent twice"
            )


class FaultyBroker(Broker):
    """A broker with faults.

    Args:
        broker: The venue behind it.
        faults: What goes wrong; may be set to something else at any time.
        seed: Of the chance by which it does.
    """

    def __init__(self, broker: Broker, faults: Faults, seed: int) -> None:
        self.broker = broker
        self.faults = faults
        self._chance = Random(seed)  # noqa: S311  # chance that can be repeated, not secrecy
        self._unreachable = 0
        self._refused: dict[str, VenueOrder] = {}
        self._hidden: dict[str, int] = {}
        self._held: list[tuple[datetime | None, News]] = []
        """News to be told yet, and the moment after which."""

    @property
    @override
    def traits(self) -> Traits:
        mine = self.broker.traits
        return mine._replace(settles_within=max(mine.settles_within, self.faults.settles_within))

    @override
    async def send(self, order: Order) -> Ack:
        self._reach()
        name, faults = order.client_order_id, self.faults
        refused = self._refused.get(name)
        share = (
            faults.rejected_exit_fraction if order.reduce_only else faults.rejected_entry_fraction
        )
        if refused is None and self._happens(share) and await self.broker.find(name) is None:
            refused = VenueOrder(
                name, order.symbol, "rejected", order.quantity, order.price, ZERO, "not now"
            )
            self._refused[name] = refused
        ack = Ack(False, refused.reason) if refused else await self.broker.send(order)
        self._hidden.setdefault(name, faults.hidden_answers_count)
        self._answer()
        return ack

    @override
    async def amend(self, order: Order) -> Ack:
        self._reach()
        refused = self._happens(self.faults.refused_amend_fraction)
        ack = Ack(False, "not now") if refused else await self.broker.amend(order)
        self._answer()
        return ack

    @override
    async def cancel(self, client_order_id: str) -> Ack:
        self._reach()
        raced = self._happens(self.faults.raced_cancel_fraction)
        ack = (
            Ack(False, f"a fill of {client_order_id!r} is under way")
            if raced
            else await self.broker.cancel(client_order_id)
        )
        self._answer()
        return ack

    @override
    async def find(self, client_order_id: str) -> VenueOrder | None:
        self._reach()
        found = self._refused.get(client_order_id) or await self.broker.find(client_order_id)
        self._answer()
        return None if self._is_hidden(client_order_id) else found

    @override
    async def working(self) -> Sequence[VenueOrder]:
        self._reach()
        found = await self.broker.working()
        self._answer()
        return [order for order in found if not self._is_hidden(order.client_order_id)]

    @override
    async def executions(self, since: datetime) -> Sequence[Execution]:
        self._reach()
        found = await self.broker.executions(since)
        self._answer()
        return found

    @override
    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        self._reach()
        found = await self.broker.payments(since)
        self._answer()
        return found

    @override
    async def positions(self) -> Mapping[str, Decimal]:
        self._reach()
        found = await self.broker.positions()
        self._answer()
        return found

    @override
    async def news(self, until: datetime) -> News | None:
        """The next thing to be heard; what is lost on its way is told again later, once or more."""
        self._reach()
        faults = self.faults
        while (news := await self.broker.news(until)) is not None:
            news = await self._cut_short(news)
            if self._happens(faults.late_news_fraction):
                self._held.append((until, news))
            elif self._happens(faults.disordered_news_fraction):
                self._held.append((None, news))
            else:
                return self._told(news)
        ready = [i for i, (after, _) in enumerate(self._held) if after is None or after < until]
        return self._told(self._held.pop(self._chance.choice(ready))[1]) if ready else None

    def _told(self, news: News) -> News:
        if self._happens(self.faults.lost_reply_fraction):
            self._held.append((None, news))
            raise Unreachable("the venue's news did not arrive")
        if self._happens(self.faults.repeated_news_fraction):
            self._held.append((None, news))
        return news

    async def _cut_short(self, news: News) -> News:
        """Where an order was filled in part, the venue may take the rest of it back."""
        orders = []
        for order in news.orders:
            partly = order.status == "working" and order.filled > ZERO
            if partly and self._happens(self.faults.cut_short_fraction):
                await self.broker.cancel(order.client_order_id)
                order = await self.broker.find(order.client_order_id) or order
            orders.append(order)
        return news._replace(orders=orders)

    def _reach(self) -> None:
        """A request on its way.

        Raises:
            Unreachable: it is lost.
        """
        if self._unreachable:
            self._unreachable -= 1
            raise Unreachable("the venue is out of reach")
        if self._happens(self.faults.outage_fraction):
            self._unreachable = self.faults.outage_calls_count
            raise Unreachable("the venue is out of reach")
        if self._happens(self.faults.lost_request_fraction):
            raise Unreachable("the request did not arrive")

    def _answer(self) -> None:
        """An answer on its way.

        Raises:
            Unreachable: it is lost.
        """
        if self._happens(self.faults.lost_reply_fraction):
            raise Unreachable("the answer did not arrive")

    def _is_hidden(self, name: str) -> bool:
        left = self._hidden.get(name, 0)
        if left:
            self._hidden[name] = left - 1
        return left > 0

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share
