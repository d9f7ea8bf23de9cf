"""A venue that keeps a book of its own, apart from the journal, as a real one does."""

from __future__ import annotations

from dataclasses import replace

from typing_extensions import override

from broker.protocol import Ack, Broker
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus
from domain.orders import Order


class KeptVenue(Broker):
    """A venue with its own book, which may refuse or fall silent before or after it took it."""

    def __init__(
        self, *, refusal: str = "", silent: str = "", refuses: frozenset[str] = frozenset()
    ) -> None:
        self.refusal = refusal
        """Its answer to everything, when it is not empty."""
        self.refuses = refuses
        """Symbols it takes no entries in."""
        self.silent = silent
        """`before` or `after` the order was taken; answers again once it is empty."""
        self.book: dict[str, Order] = {}
        self.sent: list[str] = []

    @override
    async def send(self, order: Order) -> Ack:
        self.sent.append(order.client_order_id)
        if self.silent == "before":
            raise Unreachable("no answer")
        closed = order.symbol in self.refuses and not order.reduce_only
        reason = self.refusal or (f"{order.symbol} is closed" if closed else "")
        status = OrderStatus.REJECTED if reason else OrderStatus.WORKING
        self.book.setdefault(order.client_order_id, replace(order, status=status))
        if self.silent == "after":
            raise Unreachable("no answer")
        return Ack(not reason, reason)

    @override
    async def cancel(self, client_order_id: str) -> Ack:
        order = self.book.get(client_order_id)
        if order is None or order.status != OrderStatus.WORKING:
            return Ack(False, f"{client_order_id} is not working")
        self.book[client_order_id] = replace(order, status=OrderStatus.CANCELLED)
        return Ack(True)

    @override
    async def find(self, client_order_id: str) -> Order | None:
        return self.book.get(client_order_id)
