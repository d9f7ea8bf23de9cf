"""ccxt's whole tree of errors, and which of our few reactions each of them calls for.

One table, by name, with every class in it: a class that a new ccxt adds is caught by a test, and
until then takes the reaction of its parent. Only the names of ccxt's classes are known here, so
that nothing has to import it.

Orders are not sent through this client, so the classes that an order, an address or a balance can
raise mean one thing here: an answer to a question nobody asked, which is bad data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Reaction = Literal["retry", "wait", "refused", "symbol", "data", "config"]
"""What is done about an error of the exchange.

- `retry`: nobody answered, or not now: ask again shortly, then `Unreachable`.
- `wait`: we ask too much: `Unreachable` with the wait that was asked for, if any.
- `refused`: `AccessRefused`; asking again cannot help.
- `symbol`: `UnknownSymbol` with near misses.
- `data`: `DataError`; the same question gets the same answer.
- `config`: `ConfigError`; what the user set cannot work.
"""

REACTIONS: Mapping[str, Reaction] = {
    "BaseError": "data",
    "ExchangeError": "data",
    "AuthenticationError": "refused",
    "PermissionDenied": "refused",
    "AccountNotEnabled": "refused",
    "AccountSuspended": "refused",
    "ArgumentsRequired": "data",
    "BadRequest": "data",
    "BadSymbol": "symbol",
    "OperationRejected": "data",
    "NoChange": "data",
    "MarginModeAlreadySet": "data",
    "MarketClosed": "data",
    "ManualInteractionNeeded": "refused",
    "RestrictedLocation": "refused",
    "InsufficientFunds": "data",
    "InvalidAddress": "data",
    "AddressPending": "data",
    "InvalidOrder": "data",
    "OrderNotFound": "data",
    "OrderNotCached": "data",
    "OrderImmediatelyFillable": "data",
    "OrderNotFillable": "data",
    "DuplicateOrderId": "data",
    "ContractUnavailable": "data",
    "NotSupported": "data",
    "InvalidProxySettings": "config",
    "ExchangeClosedByUser": "retry",
    "OperationFailed": "retry",
    "NetworkError": "retry",
    "DDoSProtection": "wait",
    "RateLimitExceeded": "wait",
    "ExchangeNotAvailable": "retry",
    "OnMaintenance": "retry",
    "InvalidNonce": "retry",
    "ChecksumError": "retry",
    "RequestTimeout": "retry",
    "BadResponse": "retry",
    "NullResponse": "retry",
    "CancelPending": "retry",
    "UnsubscribeError": "retry",
}
"""Per class of ccxt, by name. `ExchangeClosedByUser` and `UnsubscribeError` come from streams."""

_BY_STATUS: Mapping[int, Reaction] = {
    403: "wait",
    407: "config",
    418: "wait",
    429: "wait",
    451: "refused",
}
"""Where the HTTP status says more than the class: ccxt takes 403 (Binance's firewall, a ban for
some minutes) and 451 (not from your country) for an exchange that is not there.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
"""


@dataclass(slots=True)
class Answer:
    """What is known of the newest answer to one call, filled in while it is read."""

    largest_bytes: int
    """Longer bodies are not read to their end."""
    status: int | None = None
    """HTTP status; None while nobody answered."""
    retry_after_s: float | None = None
    """How long the exchange asks us to wait."""
    dated: datetime | None = None
    """The `Date` of its headers: the exchange's time, in whole seconds."""
    is_oversized: bool = False
    """The body went over `largest_bytes`."""
    is_cut: bool = False
    """The connection ended before the body did."""


def reaction_to(error: BaseException, answer: Answer) -> Reaction:
    """What an error of ccxt calls for, given the answer that it was raised for."""
    if answer.is_oversized:
        return "data"
    if answer.is_cut:
        return "retry"
    if answer.status is not None and answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status]
    names = (each.__name__ for each in type(error).__mro__)
    return next((REACTIONS[name] for name in names if name in REACTIONS), "data")


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds of a `Retry-After` header: a number, or a date; None where it says neither.

    Source: RFC 9110, section 10.2.3.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return None
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def dated(header: str | None) -> datetime | None:
    """The moment of a `Date` header; None where it is none.

    Source: RFC 9110, section 6.6.1.
    """
    try:
        at = parsedate_to_datetime(header) if header else None
    except (TypeError, ValueError):
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
