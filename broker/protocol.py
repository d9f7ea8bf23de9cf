"""The seam to a venue: one protocol, paper now, real ones behind it later.

Contract, checked by one suite on every implementation:

- `send` is called once per client order id by the dispatcher; a venue that sees an id again answers
  as it did before and does nothing.
- A refusal is an answer (`Ack.accepted` False with the venue's reason), never an exception.
- No answer raises `Unreachable`; what became of the order is then unknown until `find` says.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from domain.orders import Order


class Ack(NamedTuple):
    """What the venue said."""

    accepted: bool
    reason: str = ""
    """Why not."""


class Broker(Protocol):
    """A venue that takes orders."""

    async def send(self, order: Order) -> Ack:
        """Place an order.

        Raises:
            Unreachable: no answer; the order may or may not be there.
        """
        ...

    async def cancel(self, client_order_id: str) -> Ack:
        """Take a working order back; refused when it is not working.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def find(self, client_order_id: str) -> Order | None:
        """The order as the venue has it; None when it never had it.

        Raises:
            Unreachable: no answer, which is not "never had it".
        """
        ...
