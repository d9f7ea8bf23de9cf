"""A session's journal, its venue, and all that carries word between the two, on hand-made bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from broker.booking import Booked
from broker.dispatcher import Dispatched, Dispatcher
from broker.executor import Executor
from broker.follower import Follower
from broker.guard import Guard
from broker.invalidation import Invalidated, Invalidation
from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.protocol import Broker
from broker.reconciler import Reconciler
from broker.review import GateReview, Review
from broker.treasury import Treasury
from domain.candles import Timeframe
from domain.clock import Clock, FixedClock
from domain.instrument import InstrumentKind
from domain.lifecycle import OrderStatus
from domain.orders import Leg, Order
from domain.plan import TradePlan
from domain.verdict import Approved
from journal.batch import Batch
from journal.books import Journal
from market.observe import Observer
from market.protocol import FundingStamp, MarketSource
from policies.settings import Policy
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
    commit,
    open_journal,
)

SYMBOLS = (SYMBOL, OTHER)
CAPITAL = D(10_000)
WHOLE = PaperTerms(volume_share_fraction=D(1))
"""All of a bar's volume may be ours, so that small bars fill orders whole."""


def paper(
    book: Journal,
    source: VenueSource,
    *,
    terms: PaperTerms = WHOLE,
    clock: FixedClock | None = None,
) -> PaperBroker:
    """The paper venue of a session, made or opened again."""
    return PaperBroker(
        book.database,
        book.session,
        source,
        SYMBOLS,
        {"USDT": CAPITAL},
        T,
        clock or FixedClock(T),
        terms,
        book.fence,
    )


class Hands(NamedTuple):
    """All that carries word between a journal and a venue."""

    follower: Follower
    dispatcher: Dispatcher
    executor: Executor


def gate(book: Journal, source: MarketSource, clock: Clock) -> GateReview:
    """The real gate on this market."""
    observer = Observer(source, Timeframe.H1, SYMBOLS)
    return GateReview(book, source, observer, Policy(), clock, SYMBOLS, Timeframe.H1)


def wired(
    book: Journal,
    venue: Broker,
    source: MarketSource,
    clock: Clock,
    review: Review,
    *,
    booked: Callable[[Booked], None] = lambda _: None,
    told: Callable[[Dispatched], None] = lambda _: None,
    treasury: Treasury | None = None,
    left: Callable[[Invalidated], None] = lambda _: None,
) -> Hands:
    """Wire them as a session does; a paper venue is its own treasury."""
    follower = Follower(book, venue, source, booked)
    dispatcher = Dispatcher(book, venue, follower, review, clock, told)
    observer = Observer(source, Timeframe.H1, SYMBOLS)
    executor = Executor(
        book,
        venue,
        follower,
        dispatcher,
        Reconciler(book, venue, follower),
        Guard(book, source, observer, Policy(), Timeframe.H1),
        source,
        treasury=treasury or (venue if isinstance(venue, PaperBroker) else None),
        invalidation=Invalidation(book, source, observer, follower, left),
    )
    return Hands(follower, dispatcher, executor)


class House:
    """One process of a session: opened on a folder, it goes on where another left off."""

    def __init__(
        self,
        folder: Path,
        source: VenueSource,
        *,
        venue: Broker | None = None,
        name: str = "s",
        terms: PaperTerms = WHOLE,
        now: datetime = T,
        review: Callable[[Journal, Clock], Review] | None = None,
    ) -> None:
        self.clock = FixedClock(now)
        self.source = source
        self.book = open_journal(folder, name=name, kind=source.kind)
        self.venue = venue or paper(self.book, source, terms=terms, clock=self.clock)
        self.booked: list[Booked] = []
        self.told: list[Dispatched] = []
        made = review or (lambda book, clock: gate(book, source, clock))
        self.follower, self.dispatcher, self.executor = wired(
            self.book,
            self.venue,
            source,
            self.clock,
            made(self.book, self.clock),
            booked=self.booked.append,
            told=self.told.append,
        )

    async def work(self, plan: TradePlan, verdict: Approved) -> Order:
        """Commit the plan and send its entry, without the gate."""
        return await self.send(commit(self.book, plan, verdict))

    async def send(self, order: Order) -> Order:
        """Send an entry as the dispatcher does."""
        self.book.step(order, OrderStatus.SENDING)
        ack = await self.venue.send(order)
        refused = replace(order, status=OrderStatus.REJECTED)
        sent = order.placed(order.quantity, order.price) if ack.accepted else refused
        self.book.apply(Batch([sent]))
        self.follower.guard(order.plan_id, order.created_at)
        return sent

    async def advance(self, hours: float) -> None:
        """Let the venue and every deadline come to so many hours after `T`."""
        self.clock.advance_to(max(self.clock.now(), T + hours * H))
        await self.executor.advance(T + hours * H)

    def filled(self) -> list[tuple[Leg, Decimal]]:
        """Leg and price of every fill, in order."""
        return [(f.leg, f.price) for f in self.book.fills()]

    def amounts(self) -> list[tuple[Leg, Decimal]]:
        """Leg and quantity of every fill, in order."""
        return [(f.leg, f.quantity) for f in self.book.fills()]

    def leg(self, leg: Leg) -> Order:
        """The newest order of a leg."""
        return [o for o in self.book.orders() if o.leg == leg][-1]

    def statuses(self) -> dict[Leg, str]:
        """Status of the newest order by leg."""
        return {o.leg: o.status.value for o in self.book.orders()}

    def plan_status(self) -> str:
        """Where the only plan stands."""
        (stored,) = self.book.plans()
        return stored.status.value

    def held(self, symbol: str = SYMBOL) -> Decimal:
        """What the journal says is held, signed."""
        position = self.book.position(symbol)
        return D(0) if position is None else position.quantity


async def played(
    folder: Path,
    rows: Sequence[Row],
    *,
    stamps: Sequence[FundingStamp] = (),
    kind: InstrumentKind = "perpetual",
    steps: Sequence[int] | None = None,
    terms: PaperTerms = WHOLE,
    **plan: Any,
) -> House:
    """One plan on these bars, advanced to each of `steps` hours, or to the end at once."""
    source = VenueSource({SYMBOL: bars(rows), OTHER: bars(rows)}, kind=kind, stamps=stamps)
    house = House(folder, source, terms=terms)
    await house.work(*approved(**plan))
    for hours in steps or [len(rows)]:
        await house.advance(hours)
    return house


def end_state(house: House) -> tuple[object, ...]:
    """Everything the journal and the paper venue have to show for a run."""
    book, venue = house.book, house.venue
    assert isinstance(venue, PaperBroker)
    plans = book.plans()
    return book.orders(), book.entries(), book.trades(), book.ledger(), plans, venue.cursor
