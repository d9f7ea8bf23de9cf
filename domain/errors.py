"""Error types: as many as there are different reactions, and no more.

::

    PlangateError
    ├── ConfigError        what the user asked for cannot be done: say so before starting
    ├── DataError          market data is missing or broken: stop, name the datum
    │   └── UnknownSymbol  no such instrument at this source: offer the near misses
    ├── Unreachable        the outside world did not answer: retry (after the wait that it asks
    │                      for), or end as no-trade
    ├── AccessRefused      the outside world knows us and says no: do not begin; a session that
    │                      has begun goes on asking, for what is held
    ├── OverBudget         the caps on money leave no room to ask a model: end as no-trade, look
    │                      after what is held
    ├── StateError         the state folder or database cannot be used as it is: stop, lose nothing
    └── IllegalTransition  a life cycle was asked for a step its table lacks: our bug

A policy's answer is a value (`domain.verdict`), never an exception; so is a tool's refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PlangateError(Exception):
    """Base of everything plangate raises on purpose; its text is fit for a person to read."""


class ConfigError(PlangateError):
    """An option, setting, policy key or API key is wrong or missing."""


class DataError(PlangateError):
    """Market data is missing, malformed or contradicts itself."""


class UnknownSymbol(DataError):
    """The source has no such instrument."""

    def __init__(self, symbol: str, source: str, known: Iterable[str]) -> None:
        self.symbol = symbol
        names = sorted(known)
        near = get_close_matches(symbol, names, n=3, cutoff=0.4)
        offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names[:12])}"
        super().__init__(f"unknown symbol {symbol!r} at {source}; {offer}")


class Unreachable(PlangateError):
    """A server did not answer in time, could not be reached, or asks for patience."""

    def __init__(self, *words: object, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        """What the server says is the shortest wait before it is asked again; None: not said."""
        super().__init__(*words)


class AccessRefused(PlangateError):
    """A server answered that we may not: wrong key, no permission, restricted place."""


class OverBudget(PlangateError):
    """A call of a model might cost more than the caps leave; it was not made."""


class StateError(PlangateError):
    """The state folder or database is locked, too new, or not what was asked for."""


MARKET_FAILURES = (DataError, Unreachable, AccessRefused)
"""What a market may say instead of an answer; no session that has begun ends of it."""


class IllegalTransition(PlangateError):
    """A plan or order was asked to go from one status to another that its table does not allow."""
