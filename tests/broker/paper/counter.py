"""The paper venue's counter: orders handed over one by one, without plans or a journal of fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.protocol import Ack, Execution, News
from domain.book import OrderSide
from domain.instrument import InstrumentKind
from domain.lifecycle import OrderStatus
from domain.orders import FundingPayment, Leg, Order, OrderKind
from market.protocol import FundingStamp
from tests.broker.house import WHOLE, paper
from tests.broker.venue import OTHER, SYMBOL, D, H, Row, T, VenueSource, bars, open_journal

TENTH = PaperTerms()
"""A tenth of each bar's volume is ours."""

OPPOSITE: dict[OrderSide, OrderSide] = {"buy": "sell", "sell": "buy"}


def order(
    name: str,
    words: str,
    quantity: str = "1",
    *,
    hours: float = 0,
    exits: bool = False,
    slippage: str = "0",
    symbol: str = SYMBOL,
) -> Order:
    """Such as `sell stop 95`: side, kind, price, limit."""
    side, kind, *prices = words.split()
    price, limit = [*map(D, prices), None, None][:2]
    kinds: dict[str, OrderKind] = {
        "market": "market", "limit": "limit", "stop": "stop", "stop_limit": "stop_limit",
    }  # fmt: skip
    leg: Leg = "entry" if not exits else "stop" if "stop" in kind else "target_1"
    return Order(
        name, "plan", "run", symbol, leg, "buy" if side == "buy" else "sell", kinds[kind],
        D(quantity), price, exits, T + hours * H, OrderStatus.SENDING, D(slippage),
        limit_price=limit,
    )  # fmt: skip


class Counter:
    """A paper venue in a folder, on bars; opened again, it goes on."""

    def __init__(
        self,
        folder: Path,
        rows: Sequence[Row],
        *,
        others: Sequence[Row] = (),
        terms: PaperTerms = WHOLE,
        kind: InstrumentKind = "perpetual",
        stamps: Sequence[FundingStamp] = (),
    ) -> None:
        data = {SYMBOL: bars(rows), OTHER: bars(others or rows)}
        self.source = VenueSource(data, kind=kind, stamps=stamps)
        self.folder, self.terms = folder, terms
        self.end = len(rows)
        self.again()

    def again(self) -> None:
        """Open the venue anew, as another process does."""
        book = open_journal(self.folder, kind=self.source.kind)
        self.venue: PaperBroker = paper(book, self.source, terms=self.terms)

    async def send(self, *orders: Order) -> list[Ack]:
        """Hand orders over."""
        return [await self.venue.send(order) for order in orders]

    async def next(self, hours: float | None = None) -> News | None:
        """The next thing that happens."""
        return await self.venue.news(T + (self.end if hours is None else hours) * H)

    async def play(self, hours: float | None = None) -> list[Execution]:
        """Everything that happens up to a moment, without a word from us."""
        found: list[Execution] = []
        while (news := await self.next(hours)) is not None:
            found += news.executions
        return found

    async def log(self) -> list[tuple[str, int, Decimal, Decimal]]:
        """Every trade: order, hour, quantity, price."""
        return [told(e) for e in await self.venue.executions(T)]

    async def payments(self) -> Sequence[FundingPayment]:
        """Every funding payment."""
        return await self.venue.payments(T)

    async def status(self, name: str) -> tuple[str, Decimal, Decimal]:
        """An order's status, quantity and what is filled."""
        found = await self.venue.find(name)
        assert found is not None
        return found.status, found.quantity, found.filled


def told(one: Execution) -> tuple[str, int, Decimal, Decimal]:
    """Order, hour, quantity and price of a trade."""
    return one.client_order_id, int((one.at - T) / H), one.quantity, one.price


def amended(one: Order, quantity: str, price: str | None = None) -> Order:
    """The same order as it should stand."""
    return replace(one, quantity=D(quantity), price=one.price if price is None else D(price))


def stamps(*hours: int, late: timedelta = timedelta(0)) -> list[FundingStamp]:
    """Funding of 0.001 at these hours; `late`: with the jitter of a venue's clock."""
    return [FundingStamp(T + n * H + late, D("0.001")) for n in hours]
