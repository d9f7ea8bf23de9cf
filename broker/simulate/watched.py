"""A venue that is looked at, and whose process may die in the middle.

It changes nothing: it remembers what was sent, and after each thing that happened, once everything
that follows from it has been sent, how what is held was guarded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from typing_extensions import override

from broker.protocol import Ack, Broker, Execution, News, Traits, VenueOrder
from domain.numbers import ZERO
from domain.orders import FundingPayment, Order


class Died(Exception):
    """The process ends here."""


class Guarded(NamedTuple):
    """How a position was guarded once everything that follows from an execution was sent."""

    trade_id: str
    symbol: str
    held: Decimal
    """Signed, in base."""
    stopped: Decimal
    """What working stops would still close, or an order that closes it at the market, in base."""


@dataclass
class Watch:
    """What was seen; it outlives a restart."""

    sent: dict[str, Order] = field(default_factory=dict)
    """Orders as they were sent first, by client id."""
    guards: list[Guarded] = field(default_factory=list)
    left: int | None = None
    """So many things happen before the process dies; None: it lives."""
    heard: bool = False
    """It dies after what follows was done, not before anyone heard."""


class WatchedBroker(Broker):
    """Passes everything on to a venue, and keeps watch.

    Args:
        venue: As it is heard of, with faults.
        watch: What is seen.
        true: The venue itself, which is looked at.
    """

    def __init__(self, venue: Broker, watch: Watch, true: Broker) -> None:
        self._venue = venue
        self._watch = watch
        self._true = true
        self._told: Sequence[Execution] = ()

    @property
    @override
    def traits(self) -> Traits:
        """The venue's."""
        return self._venue.traits

    @override
    async def send(self, order: Order) -> Ack:
        """Pass it on."""
        self._watch.sent.setdefault(order.client_order_id, order)
        return await self._venue.send(order)

    @override
    async def amend(self, order: Order) -> Ack:
        """Pass it on."""
        return await self._venue.amend(order)

    @override
    async def cancel(self, client_order_id: str) -> Ack:
        """Pass it on."""
        return await self._venue.cancel(client_order_id)

    @override
    async def find(self, client_order_id: str) -> VenueOrder | None:
        """The venue's word."""
        return await self._venue.find(client_order_id)

    @override
    async def working(self) -> Sequence[VenueOrder]:
        """The venue's word."""
        return await self._venue.working()

    @override
    async def executions(self, since: datetime) -> Sequence[Execution]:
        """The venue's word."""
        return await self._venue.executions(since)

    @override
    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        """The venue's word."""
        return await self._venue.payments(since)

    @override
    async def positions(self) -> Mapping[str, Decimal]:
        """The venue's word."""
        return await self._venue.positions()

    @override
    async def news(self, until: datetime) -> News | None:
        """The venue's word, unless the process dies before or after it.

        Raises:
            Died: as the script asked for.
        """
        await self._look()
        watch = self._watch
        if watch.left == 0:
            raise Died
        news = await self._venue.news(until)
        if news is None:
            return None
        if watch.left is not None:
            watch.left -= 1
            if watch.left == 0 and not watch.heard:
                raise Died
        self._told = news.executions
        return news

    async def _look(self) -> None:
        told, self._told = self._told, ()
        if not told:
            return
        positions, working = await self._true.positions(), await self._true.working()
        seen = {guard.trade_id for guard in self._watch.guards}
        for execution in told:
            if execution.trade_id in seen:
                continue
            mine = [o for o in working if o.symbol == execution.symbol]
            stopped = max(_left(mine, self._is_stop), _left(mine, self._is_close))
            held = positions.get(execution.symbol, ZERO)
            guarded = Guarded(execution.trade_id, execution.symbol, held, stopped)
            self._watch.guards.append(guarded)

    def _is_stop(self, told: VenueOrder) -> bool:
        order = self._watch.sent.get(told.client_order_id)
        return order is not None and order.reduce_only and order.kind in {"stop", "stop_limit"}

    def _is_close(self, told: VenueOrder) -> bool:
        order = self._watch.sent.get(told.client_order_id)
        return order is not None and order.reduce_only and order.kind == "market"


def _left(orders: Sequence[VenueOrder], counts: Callable[[VenueOrder], bool]) -> Decimal:
    return sum((o.quantity - o.filled for o in orders if counts(o)), ZERO)
