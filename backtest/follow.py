"""One plan followed on its own after the fact: what it would have come to on paper.

The paper venue's own book and matching, and the exits that every plan has: its stop, its targets,
its horizon, until one of them has closed it. Nothing else is in the account, so nothing else can
have been in its way; its stop is not moved. Bars that cannot touch any of its orders are passed
over unread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Literal

import numpy as np

from broker.closing import close_order
from broker.costs import funding_payment
from broker.executed import fill_of
from broker.exits import wanted_exits, whole_steps, withdrawn
from broker.outbox import PAPER_ACCOUNT, entry_order
from broker.paper.book import STATUS, PaperBook, Resting
from broker.paper.fills import Phase, PriceBar
from broker.paper.matching import Place, next_match, trigger
from broker.paper.tape import price_bar
from broker.paper.terms import PaperTerms
from broker.protocol import News
from domain.candles import Candles
from domain.clock import to_ms
from domain.instrument import Instrument
from domain.lifecycle import LIVE, OrderStatus, PlanStatus
from domain.numbers import ZERO
from domain.orders import Fill, FundingPayment, Order
from domain.plan import TradePlan
from domain.trade import ClosedTrade
from domain.verdict import Bracket
from journal.ledger import Ledger
from journal.reading import StoredPlan
from journal.trades import round_trip
from market.protocol import MarketSource

ENOUGH = Decimal(10) ** 15
"""Money of the account: what one plan takes is never refused here."""
Act = Callable[[], None]
Fate = Literal["closed", "never filled", "still open"]


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a plan."""

    fate: Fate
    """`still open`: the data ends before it was closed."""
    trade: ClosedTrade | None = None


@dataclass
class _Paper:
    """The account of one plan."""

    stored: StoredPlan
    on: Instrument
    book: PaperBook
    orders: dict[str, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    payments: list[FundingPayment] = field(default_factory=list)

    @property
    def held(self) -> Decimal:
        return whole_steps(self.stored, self.fills, self.on)

    @property
    def live(self) -> list[Order]:
        return [order for order in self.orders.values() if order.status in LIVE]

    def put(self, order: Order, since: datetime, phase: Phase) -> None:
        """An order as it is wanted, made so at the venue."""
        name = order.client_order_id
        resting = self.book.orders.get(name)
        if order.status is OrderStatus.CANCELLING and resting is not None:
            self.book.end(resting, "cancelled")
            self.orders[name] = replace(order, status=OrderStatus.CANCELLED)
            return
        order = order.placed(order.quantity, order.price)
        self.orders[name] = order
        if resting is None:
            self.book.put(Resting(order, since, phase))
        else:
            changed = replace(resting.order, quantity=order.quantity, price=order.price)
            self.book.put(replace(resting, order=changed))

    def take(self, news: News, at: datetime, phase: Phase) -> None:
        """What the venue tells, and the exits that follow from it."""
        for execution in news.executions:
            order = self.orders[execution.client_order_id]
            self.fills.append(fill_of(execution, order))
            order = replace(order, filled=order.filled + execution.quantity)
            done = order.is_filled
            self.orders[order.client_order_id] = (
                replace(order, status=OrderStatus.FILLED) if done else order
            )
        for told in news.orders:
            order = self.orders[told.client_order_id]
            if order.status in LIVE:
                order = order.placed(told.quantity, told.price)
                status = OrderStatus(STATUS[told.status])
                self.orders[told.client_order_id] = replace(order, status=status)
        self.guard(at, phase)

    def guard(self, at: datetime, phase: Phase) -> None:
        """Stop and targets for what is held; what is left of the entry goes with the rest."""
        orders = list(self.orders.values())
        if self.held > ZERO:
            wanted = wanted_exits(self.stored, orders, self.fills, self.on, at, PAPER_ACCOUNT)
        else:
            wanted = withdrawn(self.live) if any(f.leg != "entry" for f in self.fills) else []
        for order in wanted:
            self.put(order, at, phase)

    def expire(self, at: datetime) -> None:
        """An entry whose time is over is taken back."""
        for order in withdrawn([o for o in self.live if o.leg == "entry"]):
            self.put(order, at, Phase.OPEN)

    def leave(self, at: datetime) -> None:
        """At the horizon everything is closed at the market."""
        position = self.book.ledger.positions.get(self.on.symbol)
        if position is None or not self.held > ZERO:
            return
        plan, slippage = self.stored.plan, self.stored.bracket.stop_slippage
        orders = list(self.orders.values())
        closing = close_order(
            position, orders, self.on, "time", at, plan.run_id, PAPER_ACCOUNT, slippage
        )
        if closing is not None:
            self.put(closing, at, Phase.OPEN)

    @property
    def over(self) -> bool:
        """Nothing is held, and nothing can be any more."""
        return not self.held > ZERO and not any(o.leg == "entry" for o in self.live)


async def follow(
    plan: TradePlan,
    bracket: Bracket,
    on: Instrument,
    source: MarketSource,
    until: datetime,
    terms: PaperTerms | None = None,
) -> Followed:
    """Follow a plan from its decision on, alone.

    Args:
        plan: The plan.
        bracket: How it was to be placed; more than nothing of it.
        on: Its instrument.
        source: The market.
        until: Nothing is known after it.
        terms: How the venue charges and fills.
    """
    candles = await source.bars_after(plan.symbol, plan.as_of, until)
    paper = _begun(plan, bracket, on, terms or PaperTerms())
    stops = await _stops(paper, source, candles, until)
    row = 0
    while not paper.over and row < len(candles):
        ahead = min((stop for stop in stops if stop >= row), default=len(candles))
        row = _next_touched(paper.book, candles, row, ahead)
        if row == len(candles):
            break
        for act in stops.pop(row, ()):
            act()
        _play(paper, price_bar(candles, row))
        row += 1
    return _fate(paper)


def _begun(plan: TradePlan, bracket: Bracket, on: Instrument, terms: PaperTerms) -> _Paper:
    stored = StoredPlan(
        plan, bracket, PlanStatus.OPEN, plan.as_of, bracket.close_at, bracket.risk_amount
    )
    paper = _Paper(stored, on, PaperBook(Ledger.begin({on.quote: ENOUGH}), terms))
    entry = entry_order(plan, bracket, on.price_tick, plan.as_of, PAPER_ACCOUNT)
    paper.put(entry, plan.as_of, Phase.OPEN)
    return paper


async def _stops(
    paper: _Paper, source: MarketSource, candles: Candles, until: datetime
) -> dict[int, list[Act]]:
    """What is to be done before a bar begins, by the bar's row: funding first, then deadlines."""
    plan, bracket = paper.stored.plan, paper.stored.bracket
    found: dict[int, list[Act]] = {}

    def at(moment: datetime, act: Act) -> None:
        row = int(np.searchsorted(candles.open_ms, to_ms(moment), side="left"))
        found.setdefault(row, []).append(act)

    end = min(until, bracket.close_at + candles.timeframe.delta)
    for stamp in await source.funding_stamps(plan.symbol, plan.as_of, end):
        tick = await source.tick(plan.symbol, stamp.at)
        if tick is not None:
            moment = stamp.at.replace(microsecond=0)
            at(moment, partial(_pay, paper, moment, stamp.rate_fraction, tick.price))
    at(bracket.expires_at, partial(paper.expire, bracket.expires_at))
    at(bracket.close_at, partial(paper.leave, bracket.close_at))
    return found


def _pay(paper: _Paper, at: datetime, rate: Decimal, price: Decimal) -> None:
    position = paper.book.ledger.positions.get(paper.on.symbol)
    if position is not None and position.opened_at < at:
        paid = funding_payment(position, at, rate, price)
        paper.book.pay_funding(paid)
        paper.payments.append(paid)


def _next_touched(book: PaperBook, candles: Candles, row: int, ahead: int) -> int:
    """The first row from `row` on, `ahead` at the latest, at which an order may fill."""
    found = ahead
    for resting in book.orders.values():
        order = resting.order
        if order.price is None or resting.triggered:
            return row
        up = (order.kind == "limit") == (order.side == "sell")
        prices = candles.high[row:found] if up else candles.low[row:found]
        price = float(order.price)
        touched = np.flatnonzero(prices >= price if up else prices <= price)
        if len(touched):
            found = row + int(touched[0])
    return found


def _play(paper: _Paper, bar: PriceBar) -> None:
    """One bar, fill after fill."""
    place = Place()
    while (match := next_match(paper.book, bar, paper.on, place, None)) is not None:
        place = match.place
        if match.resting is None:
            return
        news = paper.book.fill(match.resting, match.quantity, match.touch, bar.open_at, paper.on)
        paper.take(news, bar.open_at, place.phase)
    trigger(paper.book, bar, paper.on.symbol)


def _fate(paper: _Paper) -> Followed:
    if not paper.fills:
        return Followed("never filled" if paper.over else "still open")
    if not paper.over:
        return Followed("still open")
    trade = round_trip(paper.fills, paper.payments, paper.stored.risk_amount)
    return Followed("closed", trade) if trade else Followed("never filled")
