"""Orders straight to the venue: no plans, no journal, a plain ledger of what the venue tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from broker.chance import Silenced
from broker.executed import fill_of
from broker.patience import patiently
from broker.protocol import Ack, Broker, Execution
from broker.simulate.events import Amend, Cancel, Event, Send, Transfer
from broker.simulate.stage import Answer, Deposited, OrderState, Record, Stage, World
from broker.treasury import Treasury
from domain.clock import EPOCH
from domain.instrument import InstrumentKind
from domain.lifecycle import OrderStatus
from domain.numbers import plain
from domain.orders import FundingPayment, Order
from journal.ledger import Entry, Ledger, replay


class DirectStage(Stage):
    """Sends, amends and cancels as the script says."""

    def __init__(self, world: World, broker: Broker, treasury: Treasury) -> None:
        self._world = world
        self._broker = broker
        self._treasury = treasury
        self._ledger = Ledger.begin(world.script.account.money)
        self._booked: set[str] = set()

    @override
    async def begin(self, cursor: datetime, unfinished: datetime | None) -> None:
        """The venue's log from its beginning; nothing else was kept."""
        for deposit in await self._treasury.deposits():
            self._ledger = self._ledger.apply_deposit(deposit)
        await patiently(self._look_up)
        if unfinished is not None:
            await self.go(unfinished)

    @override
    async def go(self, until: datetime) -> None:
        """Listen until nothing more happens."""
        await patiently(lambda: self._listen(until))

    async def _look_up(self) -> None:
        self._take(await self._broker.executions(EPOCH), await self._broker.payments(EPOCH))

    async def _listen(self, until: datetime) -> None:
        while (news := await self._broker.news(until)) is not None:
            self._take(news.executions, news.funding)

    @override
    async def do(self, event: Event, at: datetime) -> None:
        """One act, again until it is answered, and on a live market what it meets at once."""
        if isinstance(event, Send | Amend | Cancel):
            await patiently(lambda: self._do(event, at))
            await self.go(at)
        if isinstance(event, Transfer):
            await self._transfer(event, at)

    async def _transfer(self, event: Transfer, at: datetime) -> None:
        world, currency = self._world, self._world.script.currency_of(event)
        name = f"deposit-{world.transfers}"
        world.transfers += 1
        answer = await self._treasury.transfer(name, currency, event.amount)
        if isinstance(answer, str):
            what = f"{plain(event.amount)} {currency}"
            world.answers.append(Answer(at, event.do, what, False, answer))
        else:
            self._ledger = self._ledger.apply_deposit(answer)

    async def _do(self, event: Send | Amend | Cancel, at: datetime) -> None:
        try:
            ack = await self._ask(event, at)
        except Silenced as error:
            said = Answer(at, event.do, event.order, False, f"no answer: {error}")
            self._world.answers.append(said)
            raise
        self._world.answers.append(Answer(at, event.do, event.order, *ack))

    async def _ask(self, event: Send | Amend | Cancel, at: datetime) -> Ack:
        if isinstance(event, Send):
            return await self._broker.send(self._order(event, at))
        if isinstance(event, Cancel):
            return await self._broker.cancel(event.order)
        order = self._amended(event)
        ack = await self._broker.amend(order)
        if ack.accepted:
            self._world.wanted[event.order] = order
        return ack

    @override
    async def record(self, broker: Broker) -> Record:
        """The ledger, and every order as the venue has it."""
        orders = [await _state(broker, order) for order in self._world.watch.sent.values()]
        executions, payments = await broker.executions(EPOCH), await broker.payments(EPOCH)
        deposits = await self._treasury.deposits()
        log: list[Entry] = [*(fill_of(e, None) for e in executions), *payments, *deposits]
        replayed = replay(self._world.script.account.money, log, self._kinds)
        held = {symbol: p.quantity for symbol, p in self._ledger.positions.items()}
        equal = replayed == self._ledger and held == dict(await broker.positions())
        moved = [Deposited(d.at, d.currency, d.amount) for d in deposits]
        return Record(self._ledger, equal, orders, deposits=moved)

    @property
    def _kinds(self) -> dict[str, InstrumentKind]:
        return {s: row.kind for s, row in self._world.script.instruments.items()}

    def _take(self, executions: Iterable[Execution], payments: Iterable[FundingPayment]) -> None:
        for execution in executions:
            if execution.trade_id not in self._booked:
                self._booked.add(execution.trade_id)
                kind = self._kinds[execution.symbol]
                self._ledger = self._ledger.apply_fill(fill_of(execution, None), kind)
        for payment in payments:
            name = f"{payment.symbol} {payment.at}"
            if name not in self._booked:
                self._booked.add(name)
                self._ledger = self._ledger.apply_funding(payment)

    def _order(self, event: Send, at: datetime) -> Order:
        order = Order(
            client_order_id=event.order,
            plan_id="",
            run_id="",
            symbol=self._world.script.symbol_of(event),
            leg="close" if event.reduce_only else "entry",
            side=event.side,
            kind=event.kind,
            quantity=event.quantity,
            price=event.price,
            reduce_only=event.reduce_only,
            created_at=at,
            status=OrderStatus.SENDING,
            slippage=event.slippage,
            limit_price=event.limit_price,
        )
        self._world.wanted.setdefault(event.order, order)
        return order

    def _amended(self, event: Amend) -> Order:
        order = self._world.wanted[event.order]
        return replace(
            order,
            quantity=event.quantity or order.quantity,
            price=event.price or order.price,
        )


async def _state(broker: Broker, order: Order) -> OrderState:
    found = await broker.find(order.client_order_id)
    return OrderState(
        order=order.client_order_id,
        plan=None,
        leg=None,
        symbol=order.symbol,
        side=order.side,
        kind=order.kind,
        reduce_only=order.reduce_only,
        created_at=order.created_at,
        quantity=found.quantity if found else order.quantity,
        price=found.price if found else order.price,
        limit_price=order.limit_price,
        slippage=order.slippage,
        filled=found.filled if found else order.filled,
        status=found.status if found else "unknown",
        reason=found.reason if found else "the venue never had it",
    )
