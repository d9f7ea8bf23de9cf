"""The seam to a venue: one protocol, paper now, real ones behind it later.

Contract, checked by one suite on every implementation:

- `send`, `amend` and `cancel` are acts that a repetition does not double: a venue that sees a
  client order id again answers as it did before.
- A refusal is an answer (`Ack.accepted` False with the venue's reason), never an exception.
- No answer raises `Unreachable`; what became of the act is then unknown until `find` says.
- `news` tells what happened; telling it twice, late or out of order is allowed. Executions carry
  the venue's trade id, by which they are booked once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from domain.book import OrderSide
from domain.orders import FeeCurrency, FundingPayment, Order

VenueStatus = Literal["working", "filled", "cancelled", "expired", "rejected"]


class Ack(NamedTuple):
    """What the venue said."""

    accepted: bool
    reason: str = ""
    """Why not."""


class VenueOrder(NamedTuple):
    """An order as the venue has it."""

    client_order_id: str
    symbol: str
    status: VenueStatus
    quantity: Decimal
    price: Decimal | None
    """Limit or trigger price."""
    filled: Decimal
    reason: str = ""
    """Why it ended, where the venue says so."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of ours at the venue. Prices in quote, quantities in base."""

    trade_id: str
    """The venue's, unique there."""
    client_order_id: str
    symbol: str
    side: OrderSide
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: FeeCurrency
    at: datetime
    expected_price: Decimal | None = None
    """The market's own price then, where the venue tells it."""
    forced: bool = False
    """A liquidation: the venue's own order, not one of ours."""
    clamped: bool = False
    """The price with modelled slippage lay beyond the bar and was set to its edge."""


class News(NamedTuple):
    """What happened at the venue since it was last asked."""

    executions: Sequence[Execution] = ()
    orders: Sequence[VenueOrder] = ()
    """Orders that changed, as they stand after the executions."""
    funding: Sequence[FundingPayment] = ()


class Traits(NamedTuple):
    """What kind of venue this is."""

    dedupes: bool
    """It recognises a client order id that it has seen, so that sending again is safe."""
    settles_within: timedelta
    """How long an order may exist before the venue's own lists show it."""
    paper: bool = False
    """Nothing of it is money: it may be made worse on purpose."""


class Broker(Protocol):
    """A venue that takes orders."""

    @property
    def traits(self) -> Traits:
        """What may be expected of it."""
        ...

    async def send(self, order: Order) -> Ack:
        """Place an order.

        Raises:
            Unreachable: no answer; the order may or may not be there.
        """
        ...

    async def amend(self, order: Order) -> Ack:
        """Give a working order the quantity and price that `order` has now.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def cancel(self, client_order_id: str) -> Ack:
        """Take a working order back; refused when it is not working.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def find(self, client_order_id: str) -> VenueOrder | None:
        """The order as the venue has it; None when it never had it.

        Raises:
            Unreachable: no answer, which is not "never had it".
        """
        ...

    async def working(self) -> Sequence[VenueOrder]:
        """Every order that works at the venue, also those that are not ours.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def executions(self, since: datetime) -> Sequence[Execution]:
        """Every trade from a moment on, in the venue's order.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        """Every funding payment from a moment on.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def positions(self) -> Mapping[str, Decimal]:
        """Signed quantity per symbol that is held, in base.

        Raises:
            Unreachable: no answer.
        """
        ...

    async def news(self, until: datetime) -> News | None:
        """The next thing that happened up to `until`; None when there is nothing more.

        Asked again and again, so that what follows from one fill is sent before the venue goes on.

        Raises:
            Unreachable: no answer.
        """
        ...
