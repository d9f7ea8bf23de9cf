"""The seam between a script's events and whoever carries them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from broker.chance import Fault
from broker.protocol import Broker
from broker.simulate.events import Event
from broker.simulate.script import Script
from broker.simulate.watched import Watch
from domain.clock import FixedClock
from domain.orders import Order
from domain.trade import ClosedTrade
from journal.ledger import Ledger
from market.sources.scripted import ScriptedSource


class Answer(NamedTuple):
    """What the venue said to an act of the script."""

    at: datetime
    act: str
    order: str
    accepted: bool
    reason: str


@dataclass
class World:
    """What outlives a restart."""

    script: Script
    source: ScriptedSource
    clock: FixedClock
    watch: Watch = field(default_factory=Watch)
    wanted: dict[str, Order] = field(default_factory=dict)
    """Orders of the script as they should stand, by client id."""
    answers: list[Answer] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    transfers: int = 0
    """Deposits and withdrawals that were asked for."""
    faults: list[Fault] = field(default_factory=list)
    """Those that were injected."""


class OrderState(NamedTuple):
    """An order at the end."""

    order: str
    plan: str | None
    leg: str | None
    symbol: str
    side: str
    kind: str
    reduce_only: bool
    created_at: datetime
    quantity: Decimal
    price: Decimal | None
    limit_price: Decimal | None
    slippage: Decimal
    filled: Decimal
    status: str
    reason: str


class PlanState(NamedTuple):
    """A plan at the end."""

    plan: str
    status: str
    risk_amount: Decimal


class Deposited(NamedTuple):
    """Money that came in or went out."""

    at: datetime
    currency: str
    amount: Decimal


class Record(NamedTuple):
    """What was kept on the script's side of the venue."""

    ledger: Ledger
    replayed_equal: bool
    """The ledger equals its log replayed from zero, and what the venue holds."""
    orders: Sequence[OrderState]
    names: Mapping[str, tuple[str, str]] = {}
    """Plan and leg per client order id, where there are plans."""
    plans: Sequence[PlanState] = ()
    trades: Sequence[tuple[str, ClosedTrade]] = ()
    """With the plan's name."""
    deposits: Sequence[Deposited] = ()


class Stage(Protocol):
    """One life of the process that carries a script out."""

    async def begin(self, cursor: datetime, unfinished: datetime | None) -> None:
        """Find out what was missed, and finish what was left in the middle."""
        ...

    async def go(self, until: datetime) -> None:
        """Let time go on."""
        ...

    async def do(self, event: Event, at: datetime) -> None:
        """Carry an event out."""
        ...

    async def record(self, broker: Broker) -> Record:
        """What there is at the end."""
        ...
