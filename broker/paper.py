"""The paper venue: accepts orders, fills them on the bars that follow, pays funding.

Its book is the journal's: an acceptance is a status; a fill, its ledger entry and the exits it
calls for are one transaction; and after any stop the bars that were missed are played in order
before anything new. In replay an order meets the bar that opens at its decision. On a live market
with an order book a market order is taken out of the real book instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from broker.fills import PriceBar, fill_on_book
from broker.marks import marks
from broker.outbox import PAPER_ACCOUNT
from broker.protocol import Ack
from broker.tape import Tape
from domain.candles import Candles
from domain.clock import from_ms
from domain.lifecycle import OrderStatus, PlanStatus
from domain.numbers import to_decimal
from domain.orders import Fill, Order
from journal.books import Journal
from market.protocol import FundingStamp, MarketSource

_NOT_AT_THE_VENUE = frozenset({OrderStatus.PENDING, OrderStatus.SENDING, OrderStatus.DENIED})


class VenueNews(NamedTuple):
    """What the venue did in one advance."""

    fills: Sequence[tuple[Order, Fill]]
    steps: Sequence[tuple[Order, OrderStatus]]
    """Orders that ended: filled, cancelled or expired."""


class PaperBroker:
    """A `Broker` on paper, and the tape that fills its orders."""

    def __init__(
        self,
        journal: Journal,
        source: MarketSource,
        symbols: Sequence[str],
        on_news: Callable[[VenueNews], None],
        account: str = PAPER_ACCOUNT,
    ) -> None:
        self._journal = journal
        self._source = source
        self._symbols = symbols
        self._on_news = on_news
        self._account = account

    async def send(self, order: Order) -> Ack:
        """Accept the order; it fills on what comes after."""
        instrument = self._source.instrument(order.symbol)
        if not order.reduce_only and not instrument.active:
            return Ack(False, f"{order.symbol} is not traded")
        return Ack(True)

    async def cancel(self, client_order_id: str) -> Ack:
        """Take a working order back."""
        order = await self.find(client_order_id)
        if order is None or order.status != OrderStatus.WORKING:
            return Ack(False, f"no working order {client_order_id!r}")
        plan = PlanStatus.CANCELLED if order.leg == "entry" else None
        self._journal.step(order, OrderStatus.CANCELLED, plan)
        return Ack(True)

    async def find(self, client_order_id: str) -> Order | None:
        """The order as it stands; an intent that was never accepted is not the venue's."""
        ours = [o for o in self._journal.orders() if o.client_order_id == client_order_id]
        return next((o for o in ours if o.status not in _NOT_AT_THE_VENUE), None)

    async def advance(self, until: datetime) -> None:
        """Play every bar and funding stamp from the cursor to `until`, as one transaction."""
        cursor = self._journal.cursor()
        until = self._source.info.base_timeframe.floor(until)
        if until <= cursor:
            return
        tape = Tape(self._journal, self._journal.ledger(), self._account)
        began = dict(tape.working)
        if tape.working or tape.ledger.positions:
            await self._play(tape, cursor, until)
            for symbol in self._symbols:
                tape.expire(symbol, until)
        self._commit(tape, began, until)

    async def settle(self, now: datetime) -> None:
        """On a live market: fill accepted market orders on the book as it is.

        One that a crash left half sent may come here late: an entry past its time ends, and an exit
        of what is gone is cancelled.
        """
        info = self._source.info
        if info.origin != "live" or "order_book" not in info.offers:
            return
        tape = Tape(self._journal, self._journal.ledger(), self._account)
        began = dict(tape.working)
        for symbol in self._symbols:
            tape.expire(symbol, now)
        for order in [o for o in tape.working.values() if o.kind == "market"]:
            if tape.is_over(order):
                continue
            book = await self._source.book(order.symbol, now)
            instrument = self._source.instrument(order.symbol)
            execution = (
                fill_on_book(order.side, order.quantity, book, instrument.price_tick)
                if book
                else None
            )
            if execution is not None:
                tape.execute(order, execution, now, instrument)
        if tape.steps:
            self._commit(tape, began, None)

    async def marks(self, at: datetime) -> dict[str, Decimal]:
        """Newest price per symbol that is held or worked.

        Raises:
            DataError: one has none.
        """
        return await marks(self._journal, self._source, at)

    async def _play(self, tape: Tape, cursor: datetime, until: datetime) -> None:
        happenings = [
            happening
            for symbol in self._symbols
            for happening in [
                *_bars(symbol, await self._source.bars_after(symbol, cursor, until)),
                *_stamps(symbol, await self._source.funding_stamps(symbol, cursor, until)),
            ]
        ]
        for happening in sorted(happenings, key=lambda h: (h.at, h.rank, h.symbol)):
            if tape.idle(happening.symbol):
                continue
            if happening.stamp is not None:
                await self._pay(tape, happening, happening.stamp)
            elif happening.candles is not None:
                bar = price_bar(happening.candles, happening.row)
                tape.play(bar, self._source.instrument(happening.symbol))

    async def _pay(self, tape: Tape, happening: _Happening, stamp: FundingStamp) -> None:
        tick = await self._source.tick(happening.symbol, stamp.at)
        if tick is not None:
            tape.pay_funding(happening.symbol, happening.at, stamp.rate_fraction, tick.price)

    def _commit(self, tape: Tape, began: dict[str, Order], cursor: datetime | None) -> None:
        batch = tape.batch(cursor)
        self._journal.apply(batch)
        if tape.steps:
            orders = began | {o.client_order_id: o for o in batch.new_orders}
            self._on_news(
                VenueNews(
                    [(orders[fill.client_order_id], fill) for fill in tape.fills],
                    [(orders[name], status) for name, status in tape.steps],
                )
            )


class _Happening(NamedTuple):
    """A bar or a funding stamp, in its place in time."""

    at: datetime
    """Bar: its open. Stamp: to the second, since venues stamp with some milliseconds of jitter."""
    rank: int
    """Funding comes before a bar that opens at the same moment: it falls on what was held."""
    symbol: str
    stamp: FundingStamp | None
    candles: Candles | None
    row: int


def _bars(symbol: str, candles: Candles) -> Iterator[_Happening]:
    for index, open_ms in enumerate(candles.open_ms.tolist()):
        yield _Happening(from_ms(open_ms), 1, symbol, None, candles, index)


def _stamps(symbol: str, stamps: Sequence[FundingStamp]) -> Iterator[_Happening]:
    for stamp in stamps:
        yield _Happening(stamp.at.replace(microsecond=0), 0, symbol, stamp, None, 0)


def price_bar(candles: Candles, index: int) -> PriceBar:
    """One candle of a window with its numbers as decimals."""
    return PriceBar(
        open_at=from_ms(int(candles.open_ms[index])),
        open=to_decimal(float(candles.open[index])),
        high=to_decimal(float(candles.high[index])),
        low=to_decimal(float(candles.low[index])),
        close=to_decimal(float(candles.close[index])),
        volume=to_decimal(float(candles.volume[index])),
    )
