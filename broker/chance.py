"""Whether a fault befalls an act: drawn from a seed and from what the act is, never from a run.

No generator is kept, so a session that was killed meets the same faults when it comes to the same
acts again. Within one moment the attempts are counted: what was lost is not lost for ever.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol

from domain.clock import iso
from domain.errors import Unreachable

FaultName = Literal[
    "lost-request",
    "lost-reply",
    "outage",
    "late",
    "duplicate",
    "out-of-order",
    "reject",
    "reject-exit",
    "refuse-amend",
    "race-cancel",
    "partial-cancel",
    "hidden",
]
Call = Literal[
    "send", "amend", "cancel", "find", "working", "executions", "payments", "positions", "news"
]
_RANGE = 1 << 56


class Silenced(Unreachable):
    """No answer, on purpose: asking again at once is harmless, as nobody real is asked."""


class Act(NamedTuple):
    """What a fault may befall."""

    call: Call
    subject: str
    """What it is about, by content: a client order id, a trade id; empty for the account."""
    moment: datetime | None = None
    """When, where the clock is known."""
    orders: tuple[str, ...] = ()
    """Client ids that it names."""


class Fault(NamedTuple):
    """One that was injected."""

    fault: FaultName
    call: Call
    order: str
    """Client id; empty where it befell no order of its own."""
    at: datetime | None


class Chance(Protocol):
    """Decides on faults."""

    def happens(self, fault: FaultName, share: float, act: Act) -> bool:
        """Whether it befalls this attempt at an act."""
        ...

    def fated(self, fault: FaultName, share: float, act: Act) -> bool:
        """Whether it befalls a thing, whenever and however often it is asked about."""
        ...


class Drawn(Chance):
    """The same seed and the same act give the same answer, in any process."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._moment: datetime | None = None
        self._attempts: Counter[tuple[FaultName, Act]] = Counter()
        """Of the current moment."""

    def happens(self, fault: FaultName, share: float, act: Act) -> bool:
        """By seed, fault, call, subject, moment and attempt."""
        if share <= 0:
            return False
        if act.moment != self._moment:
            self._moment = act.moment
            self._attempts.clear()
        self._attempts[fault, act] += 1
        moment = iso(act.moment) if act.moment else ""
        return self._draw(fault, act, moment, str(self._attempts[fault, act])) < share

    def fated(self, fault: FaultName, share: float, act: Act) -> bool:
        """By seed, fault, call and subject."""
        return share > 0 and self._draw(fault, act) < share

    def _draw(self, fault: FaultName, act: Act, *more: str) -> float:
        text = "\0".join([str(self._seed), fault, act.call, act.subject, *more])
        return int.from_bytes(sha256(text.encode()).digest()[:7], "big") / _RANGE
