"""A venue that keeps a book of its own and does what it is told by hand, as badly as real ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from typing_extensions import override

from broker.protocol import Ack, Broker, Execution, News, Traits, VenueOrder
from domain.errors import Unreachable
from domain.numbers import ZERO
from domain.orders import FeeCurrency, FundingPayment, Leg, Order


class KeptVenue(Broker):
    """A venue with its own book, which may refuse or fall silent before or after it acted."""

    def __init__(
        self,
        *,
        refusal: str = "",
        silent: str = "",
        refuses: frozenset[str] = frozenset(),
        refused_legs: frozenset[Leg] = frozenset(),
        traits: Traits | None = None,
    ) -> None:
        self.refusal = refusal
        """Its answer to everything, when it is not empty."""
        self.refuses = refuses
        """Symbols it takes no entries in."""
        self.refused_legs = refused_legs
        self.silent = silent
        """`before` or `after` the order was taken; answers again once it is empty."""
        self._traits = traits or Traits(dedupes=True, settles_within=timedelta(0))
        self.book: dict[str, VenueOrder] = {}
        self.taken: dict[str, Order] = {}
        """Orders as they were sent."""
        self.sent: list[str] = []
        self.amended: list[Order] = []
        self.log: list[Execution] = []
        """Every trade, whether `news` has told it or not."""
        self.untold: deque[News] = deque()
        """What `news` tells next."""

    @property
    @override
    def traits(self) -> Traits:
        return self._traits

    @override
    async def send(self, order: Order) -> Ack:
        self.sent.append(order.client_order_id)
        if self.silent == "before":
            raise Unreachable("no answer")
        known = self.book.get(order.client_order_id)
        if known is not None:
            return Ack(known.status != "rejected", known.reason)
        closed = order.symbol in self.refuses and not order.reduce_only
        reason = self.refusal or (f"{order.symbol} is closed" if closed else "")
        if order.leg in self.refused_legs:
            reason = f"no {order.leg}"
        self.taken[order.client_order_id] = order
        self.book[order.client_order_id] = VenueOrder(
            order.client_order_id,
            order.symbol,
            "rejected" if reason else "working",
            order.quantity,
            order.price,
            ZERO,
            reason,
        )
        if self.silent == "after":
            raise Unreachable("no answer")
        return Ack(not reason, reason)

    @override
    async def amend(self, order: Order) -> Ack:
        known = self.book.get(order.client_order_id)
        if known is None or known.status != "working" or order.quantity <= known.filled:
            return Ack(False, f"{order.client_order_id} cannot be amended so")
        self.amended.append(order)
        self.book[order.client_order_id] = known._replace(
            quantity=order.quantity, price=order.price
        )
        return Ack(True)

    @override
    async def cancel(self, client_order_id: str) -> Ack:
        known = self.book.get(client_order_id)
        if known is None or known.status != "working":
            return Ack(False, f"{client_order_id} is not working")
        self.book[client_order_id] = known._replace(status="cancelled")
        return Ack(True)

    @override
    async def find(self, client_order_id: str) -> VenueOrder | None:
        return self.book.get(client_order_id)

    @override
    async def working(self) -> Sequence[VenueOrder]:
        return [o for o in self.book.values() if o.status == "working"]

    @override
    async def executions(self, since: datetime) -> Sequence[Execution]:
        return [e for e in self.log if e.at >= since]

    @override
    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        return []

    @override
    async def positions(self) -> Mapping[str, Decimal]:
        held: dict[str, Decimal] = {}
        for one in self.log:
            signed = one.quantity if one.side == "buy" else -one.quantity
            held[one.symbol] = held.get(one.symbol, ZERO) + signed
        return {symbol: quantity for symbol, quantity in held.items() if quantity}

    @override
    async def news(self, until: datetime) -> News | None:
        return self.untold.popleft() if self.untold else None

    def execute(
        self,
        name: str,
        quantity: str | Decimal,
        price: str | Decimal,
        at: datetime,
        *,
        fee: str = "0",
        currency: FeeCurrency = "quote",
        trade_id: str = "",
    ) -> Execution:
        """Trade a part of an order; the log has it, and nobody is told."""
        order, known = self.taken[name], self.book[name]
        one = Execution(
            trade_id or f"v{len(self.log)}",
            name,
            order.symbol,
            order.side,
            Decimal(quantity),
            Decimal(price),
            Decimal(fee),
            currency,
            at,
        )
        self.log.append(one)
        filled = known.filled + one.quantity
        done = filled >= known.quantity and known.status == "working"
        self.book[name] = known._replace(filled=filled, status="filled" if done else known.status)
        return one

    def tell(self, *executions: Execution) -> None:
        """Have `news` tell these, with their orders as they stand now."""
        names = dict.fromkeys(e.client_order_id for e in executions)
        self.untold.append(News(executions, [self.book[n] for n in names if n in self.book]))
