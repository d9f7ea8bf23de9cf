"""Life cycles as tables: which status may follow which. An illegal step raises."""

from __future__ import annotations

from enum import StrEnum

from domain.errors import IllegalTransition


class PlanStatus(StrEnum):
    """Where a plan stands; `rejected`, `closed`, `expired`, `cancelled` and `failed` are final."""

    REJECTED = "rejected"
    APPROVED = "approved"
    WORKING = "working"
    OPEN = "open"
    CLOSING = "closing"
    """Being closed whole, at the market."""
    CLOSED = "closed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class OrderStatus(StrEnum):
    """Where an order stands, from our intent to the venue's last word."""

    PENDING = "pending"
    """Intent committed, nothing sent."""
    SENDING = "sending"
    """Being sent, or sent with no answer yet: ambiguous until the venue is asked."""
    WORKING = "working"
    """Accepted by the venue."""
    CANCELLING = "cancelling"
    """To be taken back; the venue has not said yet that it is."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    DENIED = "denied"
    """Our own gate refused it at send."""
    REJECTED = "rejected"
    """The venue refused it."""
    EXPIRED = "expired"
    LOST = "lost"
    """Sent, and the venue has said often enough that it never had it."""


class TradingState(StrEnum):
    """What the session may do; exits and cancels go on in every state."""

    ACTIVE = "active"
    """Positions may be opened."""
    REDUCING = "reducing"
    """Nothing is opened for a while: the day's loss limit was met."""
    HALTED = "halted"
    """Nothing is opened until an operator resumes: the drawdown limit was met."""


_P = PlanStatus
_O = OrderStatus

PLAN_STEPS: dict[PlanStatus, frozenset[PlanStatus]] = {
    _P.APPROVED: frozenset({_P.WORKING, _P.CANCELLED, _P.EXPIRED, _P.FAILED, _P.REJECTED}),
    _P.WORKING: frozenset({_P.OPEN, _P.CANCELLED, _P.EXPIRED, _P.FAILED}),
    _P.OPEN: frozenset({_P.CLOSING, _P.CLOSED}),
    _P.CLOSING: frozenset({_P.CLOSED}),
    _P.REJECTED: frozenset(),
    _P.CLOSED: frozenset(),
    _P.EXPIRED: frozenset(),
    _P.CANCELLED: frozenset(),
    _P.FAILED: frozenset(),
}

ORDER_STEPS: dict[OrderStatus, frozenset[OrderStatus]] = {
    _O.PENDING: frozenset({_O.SENDING, _O.CANCELLED, _O.DENIED, _O.EXPIRED}),
    _O.SENDING: frozenset(
        {
            _O.WORKING,
            _O.CANCELLING,
            _O.FILLED,
            _O.REJECTED,
            _O.DENIED,
            _O.CANCELLED,
            _O.EXPIRED,
            _O.LOST,
        }
    ),
    _O.WORKING: frozenset({_O.CANCELLING, _O.FILLED, _O.CANCELLED, _O.EXPIRED, _O.REJECTED}),
    _O.CANCELLING: frozenset({_O.FILLED, _O.CANCELLED, _O.EXPIRED, _O.REJECTED}),
    _O.FILLED: frozenset(),
    _O.CANCELLED: frozenset(),
    _O.DENIED: frozenset(),
    _O.REJECTED: frozenset(),
    _O.EXPIRED: frozenset(),
    _O.LOST: frozenset(),
}

AT_THE_VENUE = (OrderStatus.WORKING, OrderStatus.CANCELLING)
"""Orders that may fill, as far as we know."""
LIVE = (OrderStatus.PENDING, OrderStatus.SENDING, *AT_THE_VENUE)
"""Orders that may still fill, or be sent."""
TAKEN_BACK = {
    OrderStatus.PENDING: OrderStatus.CANCELLED,
    OrderStatus.WORKING: OrderStatus.CANCELLING,
}
"""What an order becomes that should be no more; one that is half sent is a question first."""


def plan_step(current: PlanStatus, new: PlanStatus) -> PlanStatus:
    """`new`, if the table allows it after `current`.

    Raises:
        IllegalTransition: it does not.
    """
    if new not in PLAN_STEPS[current]:
        raise IllegalTransition(f"a plan cannot go from {current.value!r} to {new.value!r}")
    return new


def order_step(current: OrderStatus, new: OrderStatus) -> OrderStatus:
    """`new`, if the table allows it after `current`.

    Raises:
        IllegalTransition: it does not.
    """
    if new not in ORDER_STEPS[current]:
        raise IllegalTransition(f"an order cannot go from {current.value!r} to {new.value!r}")
    return new
