"""The paper venue: a `Broker` with a book of its own, filled by the market's own data.

It is told nothing of plans, and tells what happened one thing at a time, so that what follows from
a fill (exits, a cancel) is at the venue before the bar goes on. Everything it says is on disk
before it is said. After any stop, the bars that were missed are played in order before anything
new.

In replay an order meets the bar that opens at its decision. On a live market with an order book a
market order is taken out of the real book instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from broker.paper.admission import refusal
from broker.paper.book import PaperBook, Resting
from broker.paper.fills import Phase, PriceBar, taken_from_book
from broker.paper.forced import forced_price, payment
from broker.paper.matching import Place, next_match, trigger
from broker.paper.store import PaperStore, Progress
from broker.paper.tape import Happening, happenings
from broker.paper.terms import PaperTerms
from broker.paper.transfers import transfer_refusal, valued
from broker.protocol import Ack, Execution, News, Traits, VenueOrder
from domain.clock import Clock
from domain.instrument import InstrumentKind, quote_of
from domain.lifecycle import OrderStatus
from domain.numbers import ZERO
from domain.orders import Deposit, FundingPayment, Order
from journal.fence import Fence
from journal.ledger import replay
from market.protocol import MarketSource
from traces.database import Database

RECENT_BARS = 60
"""So far back is asked for an exchange's newest bar."""
BOOK_LASTS = timedelta(minutes=1)
"""A live book is of now: for a moment that is longer ago, nothing is taken out of it."""


class PaperBroker:
    """A `Broker` on paper.

    Args:
        database: Where its tables are.
        session: Whose venue it is.
        source: The market that fills its orders.
        symbols: What is traded.
        capital: Starting money of each currency; nothing is converted between them.
        start: A new venue begins here.
        clock: Says when an order is taken on a live market.
        terms: How it charges and fills.
        fence: The right to write the session's tables; None where nobody else can.
    """

    traits = Traits(dedupes=True, settles_within=timedelta(0), paper=True)

    def __init__(
        self,
        database: Database,
        session: str,
        source: MarketSource,
        symbols: Sequence[str],
        capital: Mapping[str, Decimal],
        start: datetime,
        clock: Clock,
        terms: PaperTerms | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._store = PaperStore(database, session, fence)
        self._source = source
        self._symbols = tuple(symbols)
        self._clock = clock
        self._progress = self._store.open(start)
        kinds: dict[str, InstrumentKind] = {s: source.instrument(s).kind for s in self._symbols}
        ledger = replay(capital, self._store.log(), kinds)
        self._book = PaperBook(ledger, terms or PaperTerms())
        self._book.orders = {r.order.client_order_id: r for r in self._store.resting()}
        self._tape: deque[Happening] = deque()
        self._played_to: datetime | None = None
        self._reached = self._progress.cursor
        """How far what is loaded goes."""
        self._asked_book: tuple[datetime, frozenset[str]] | None = None
        self._marks: dict[str, Decimal] = {}

    @property
    def cursor(self) -> datetime:
        """Everything before it has been played."""
        return self._progress.cursor

    @property
    def unfinished(self) -> datetime | None:
        """Where it was going when its process died in the middle; None between bars."""
        return self._progress.until

    async def send(self, order: Order) -> Ack:
        """Take the order, or say why not; one that was taken before is answered as before."""
        known = self._known(order.client_order_id)
        if known is not None:
            return Ack(known.status != "rejected", known.reason)
        since, phase = self._now(order)
        taken = replace(order, status=OrderStatus.WORKING, filled=ZERO)
        resting = Resting(taken, since, phase)
        reason = await self._refusal(order, since)
        self._book.put(resting) if not reason else self._book.end(resting, "rejected", reason)
        self._save()
        return Ack(not reason, reason)

    async def amend(self, order: Order) -> Ack:
        """Set quantity and price of a working order."""
        resting = self._book.orders.get(order.client_order_id)
        if resting is None:
            return Ack(False, f"no working order {order.client_order_id!r}")
        if order.quantity <= resting.order.filled:
            return Ack(False, "the new quantity is filled already")
        changed = replace(resting.order, quantity=order.quantity, price=order.price)
        self._book.put(replace(resting, order=changed))
        self._save()
        return Ack(True)

    async def cancel(self, client_order_id: str) -> Ack:
        """Take a working order back."""
        resting = self._book.orders.get(client_order_id)
        if resting is None:
            return Ack(False, f"no working order {client_order_id!r}")
        self._book.end(resting, "cancelled")
        self._save()
        return Ack(True)

    async def find(self, client_order_id: str) -> VenueOrder | None:
        """The order as it stands."""
        known = self._known(client_order_id)
        return None if known is None else known.told

    async def working(self) -> Sequence[VenueOrder]:
        """Every working order."""
        return [resting.told for resting in self._book.orders.values()]

    async def executions(self, since: datetime) -> Sequence[Execution]:
        """The venue's log of trades."""
        return self._store.executions(since)

    async def payments(self, since: datetime) -> Sequence[FundingPayment]:
        """The venue's log of funding."""
        return [e for e in self._store.log(since) if isinstance(e, FundingPayment)]

    async def positions(self) -> Mapping[str, Decimal]:
        """What is held."""
        return {s: p.quantity for s, p in self._book.ledger.positions.items()}

    async def transfer(self, deposit_id: str, currency: str, amount: Decimal) -> Deposit | str:
        """Move money in or out where the venue stands; why not, where it is refused."""
        if known := next((d for d in await self.deposits() if d.deposit_id == deposit_id), None):
            return known
        at = self._progress.key[0] if self._progress.key else self._progress.cursor
        found = await valued(self._source, self._book.exposed(currency), at)
        if reason := transfer_refusal(self._book, currency, amount, *found):
            return reason
        deposit = self._book.move_money(Deposit(deposit_id, currency, at, amount))
        self._save()
        return deposit

    async def deposits(self) -> Sequence[Deposit]:
        """The venue's log of money in and out."""
        return [e for e in self._store.log() if isinstance(e, Deposit)]

    async def news(self, until: datetime) -> News | None:
        """Play on until something happens, at most to `until`."""
        news = await self._on_tape(self._source.info.base_timeframe.floor(until))
        return news or await self._on_book(until)

    async def _on_tape(self, until: datetime) -> News | None:
        key = self._progress.key
        # Left on its way to a later moment, it has told all that there is up to this one.
        if until <= self._progress.cursor or (key is not None and until <= key[0]):
            return None
        if not (self._book.orders or self._book.ledger.positions or key):
            reached = await self._newest(until) if self._is_live else until
        else:
            if self._played_to != until:
                await self._load(until)
            while self._tape:
                news = await self._play(self._tape[0])
                if news is not None:
                    self._save()
                    return news
                self._tape.popleft()
            reached = self._reached
        self._played_to = None
        if self._progress != Progress(reached):
            self._progress = Progress(reached)
            self._save()
        return None

    async def _newest(self, until: datetime) -> datetime:
        """How far an exchange's bars go, where nothing is to be played on them."""
        base, cursor = self._source.info.base_timeframe, self._progress.cursor
        after = max(cursor, until - RECENT_BARS * base.delta)
        return (await self._source.bars_after(self._symbols[0], after, until)).known_at or cursor

    async def _load(self, until: datetime) -> None:
        """Everything up to `until`, from where the venue was left.

        An exchange may not have all bars yet: one is late, or somebody has set the clock ahead.
        Those are played when they come.
        """
        key, cursor = self._progress.key, self._progress.cursor
        loaded = await happenings(self._source, self._symbols, cursor, until)
        self._reached = until
        if self._is_live:
            bar = self._source.info.base_timeframe.delta
            self._reached = max([cursor, *(h.at + bar for h in loaded if h.stamp is None)])
        within = [h for h in loaded if h.at <= self._reached]
        self._tape = deque(h for h in within if key is None or h.key >= key)
        self._played_to = until

    @property
    def _is_live(self) -> bool:
        return self._source.info.origin == "live"

    async def _play(self, happening: Happening) -> News | None:
        """The next thing in a happening; None when it is over."""
        progress = self._progress
        place = progress.place if progress.key == happening.key else Place()
        if place.phase == Phase.OVER or self._book.idle(happening.symbol):
            return None
        if happening.stamp is not None:
            self._at(happening, Place(Phase.OVER))
            paid = await payment(self._book, self._source, happening)
            return None if paid is None else self._book.pay_funding(paid)
        bar = happening.bar
        if bar is None:
            return None
        return await self._trade(happening, bar, place)

    async def _trade(self, happening: Happening, bar: PriceBar, place: Place) -> News | None:
        on = self._source.instrument(happening.symbol)
        forced = await forced_price(self._book, self._source, happening)
        match = next_match(self._book, bar, on, place, forced)
        if match is None:
            trigger(self._book, bar, happening.symbol)
            return None
        self._at(happening, match.place)
        if match.resting is None:
            return self._book.liquidate(match.touch, bar.open_at, on)
        return self._book.fill(match.resting, match.quantity, match.touch, bar.open_at, on)

    async def _on_book(self, until: datetime) -> News | None:
        """Market orders out of the live book: each is tried once a moment."""
        lasts = self._clock.now() - until <= BOOK_LASTS
        if not (lasts and self._is_live and "order_book" in self._source.info.offers):
            return None
        asked = self._asked_book
        tried = asked[1] if asked and asked[0] == until else frozenset[str]()
        for resting in [r for r in self._book.orders.values() if r.order.kind == "market"]:
            order = resting.order
            if order.client_order_id in tried:
                continue
            tried = frozenset({*tried, order.client_order_id})
            self._asked_book = until, tried
            quantity = self._book.reducible(order)
            book = await self._source.book(order.symbol, until)
            on = self._source.instrument(order.symbol)
            if book is None or not quantity > ZERO:
                continue
            if taken := taken_from_book(order.side, quantity, book, on.price_tick):
                news = self._book.fill(resting, taken[1], taken[0], until, on)
                self._save()
                return news
        return None

    async def _refusal(self, order: Order, at: datetime) -> str:
        """Why the venue does not take an order; empty when it does."""
        exposed = {*self._book.exposed(quote_of(order.symbol)), order.symbol}
        return refusal(order, self._book, *await valued(self._source, exposed, at))

    def _now(self, order: Order) -> tuple[datetime, Phase]:
        """When an order is taken: within the bar at hand, else now; in replay when it was made.

        Left in the middle of a bar, the venue lags behind: what was made after that bar began has
        not been there while it traded.
        """
        key = self._progress.key
        if key is not None and order.created_at <= key[0]:
            return key[0], self._progress.place.phase
        return (self._clock.now() if self._is_live else order.created_at), Phase.OPEN

    def _known(self, client_order_id: str) -> Resting | None:
        return self._book.orders.get(client_order_id) or self._store.order(client_order_id)

    def _at(self, happening: Happening, place: Place) -> None:
        self._progress = Progress(self._progress.cursor, self._played_to, happening.key, place)

    def _save(self) -> None:
        self._store.save(self._book, self._progress)
