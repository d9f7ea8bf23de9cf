"""News of the venue, on its way into the journal: fills, and what follows from each.

One path for every venue and every hour: the same code books what a session sees as it happens, what
a start finds out about the time it slept, and what arrives late or twice. It decides nothing about
opening; it keeps each plan's orders as they have to stand after what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from broker.closing import close_order, closes, reduce_again, retry_at, under_way
from broker.executed import fill_of
from broker.exits import in_order, wanted_exits, whole_steps, withdrawn
from broker.outbox import liquidation_order
from broker.plan_steps import steps_of
from broker.protocol import Execution, News, VenueOrder
from domain.instrument import Instrument
from domain.lifecycle import LIVE, PLAN_STEPS, OrderStatus, PlanStatus
from domain.numbers import ZERO
from domain.orders import CloseReason, Fill, FundingPayment, Order, Position
from domain.trade import ClosedTrade
from journal.batch import Batch
from journal.books import Journal
from journal.reading import StoredPlan
from journal.trades import round_trip

_ENDS: dict[str, OrderStatus] = {
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


class Booked(NamedTuple):
    """What a piece of news came to."""

    batch: Batch
    fills: Sequence[tuple[Order, Fill]]
    steps: Sequence[tuple[Order, OrderStatus]]
    """Orders that ended, in order."""
    unknown: Sequence[str]
    """Client ids that the venue knows and we do not."""
    behind: Sequence[str]
    """Orders of which the venue has filled more than it has told the executions of."""


class Booking:
    """One piece of news against one journal; `booked` is what has to be applied."""

    def __init__(
        self,
        journal: Journal,
        instrument: Callable[[str], Instrument],
        account: str,
        at: datetime,
    ) -> None:
        self._journal = journal
        self._instrument = instrument
        self._account = account
        self._at = at
        self._was: dict[str, Order | None] = {}
        """Orders as the journal has them."""
        self._orders: dict[str, Order] = {}
        """Those that changed, as they stand now."""
        self._entries: list[Fill | FundingPayment] = []
        self._plans: list[tuple[str, PlanStatus]] = []
        self._trades: list[ClosedTrade] = []
        self._touched: dict[str, None] = {}
        self._unknown: list[str] = []
        self._behind: list[str] = []

    def take(self, news: News) -> Booked:
        """Everything that follows from a piece of news."""
        for execution in news.executions:
            self._execute(execution)
        for venue_order in news.orders:
            self._adopt(venue_order)
        if news.funding:
            self._pay(news.funding)
        for plan_id in list(self._touched):
            self._follow(plan_id)
        return self._booked()

    def follow(self, plan_id: str) -> Booked:
        """Bring one plan's orders to where they have to stand, without any news."""
        self._follow(plan_id)
        return self._booked()

    def _booked(self) -> Booked:
        changed = [o for name, o in self._orders.items() if self._was.get(name) != o]
        fills = [e for e in self._entries if isinstance(e, Fill)]
        ended = [o for o in changed if o.status not in LIVE]
        return Booked(
            Batch(changed, self._plans, self._entries, self._trades),
            [(self._orders[fill.client_order_id], fill) for fill in fills],
            [(o, o.status) for o in ended if self._stood(o) != o.status],
            self._unknown,
            self._behind,
        )

    def _stood(self, order: Order) -> OrderStatus | None:
        was = self._was.get(order.client_order_id)
        return None if was is None else was.status

    def _execute(self, execution: Execution) -> None:
        order = self._order(execution.client_order_id)
        position = self._journal.ledger().positions.get(execution.symbol)
        if order is None and execution.forced and position is not None:
            order = liquidation_order(position, execution)
        if order is None:
            self._unknown.append(execution.client_order_id)
            return
        booked = {e.trade_id for e in self._entries if isinstance(e, Fill)}
        if execution.trade_id in booked or self._journal.has_fill(execution.trade_id):
            return
        self._entries.append(fill_of(execution, order))
        order = replace(order, filled=order.filled + execution.quantity)
        if order.status in LIVE and order.is_filled:
            order = replace(order, status=OrderStatus.FILLED)
        elif order.status == OrderStatus.SENDING:
            order = order.placed(order.quantity, order.price)
        self._put(order)

    def _pay(self, payments: Sequence[FundingPayment]) -> None:
        """Funding; told after the trade that it belongs to was closed, it is put to it."""
        paid = {(p.symbol, p.at) for p in self._journal.funding_payments()}
        new = [p for p in payments if (p.symbol, p.at) not in paid]
        self._entries += new
        for trade in self._journal.trades() if new else ():
            late = [p for p in new if trade.symbol == p.symbol and trade.spans(p.at)]
            if late:
                more = sum((p.amount for p in late), ZERO)
                self._trades.append(replace(trade, funding=trade.funding + more))

    def _adopt(self, told: VenueOrder) -> None:
        """The venue's word on an order, unless it is older than what we know."""
        order = self._order(told.client_order_id)
        if order is None:
            self._unknown.append(told.client_order_id)
        elif order.status not in LIVE or told.filled < order.filled:
            return
        elif told.filled > order.filled:
            self._behind.append(told.client_order_id)
        elif told.status == "working":
            self._put(order.placed(told.quantity, told.price))
        else:
            self._put(replace(order, status=self._end(order, _ENDS[told.status])))

    def _end(self, order: Order, status: OrderStatus) -> OrderStatus:
        """An entry that was taken back because its time was over has expired."""
        late = order.expires_at is not None and self._at >= order.expires_at
        return OrderStatus.EXPIRED if late and status == OrderStatus.CANCELLED else status

    def _follow(self, plan_id: str) -> None:
        """The plan's status, its exits, its closed trade."""
        stored = self._journal.stored_plan(plan_id)
        orders = self._plan_orders(plan_id)
        if not PLAN_STEPS[stored.status]:
            self._tidy(stored, orders)
            return
        fills = self._plan_fills(plan_id)
        if not fills and under_way(orders) is not None:
            orders = self._taken_back(orders)
        entries = [o for o in orders if o.leg == "entry"]
        status = stored.status
        for status in steps_of(stored.status, entries, fills):
            self._plan(plan_id, status)
        if not fills:
            self._withdraw([] if PLAN_STEPS[status] else orders)
        elif self._held(stored, fills) > ZERO:
            self._hold(stored, status, orders, fills)
        else:
            self._let_go(stored, orders, fills)

    def _hold(
        self, stored: StoredPlan, status: PlanStatus, orders: Sequence[Order], fills: Sequence[Fill]
    ) -> None:
        """Exits for what is held, and what is still to be sold of it."""
        if status == PlanStatus.OPEN and closes(orders):
            status = self._plan(stored.plan.plan_id, PlanStatus.CLOSING)
        self._guard(stored, orders, fills)
        held, on = self._held(stored, fills), self._instrument(stored.plan.symbol)
        if status == PlanStatus.CLOSING:
            self._close_out(stored, orders, held, None)
        elif (order := reduce_again(orders, held, on, self._at, self._account)) is not None:
            self._put(order)

    def _let_go(self, stored: StoredPlan, orders: Sequence[Order], fills: Sequence[Fill]) -> None:
        """Nothing is held any more: what is left of its orders goes, and a trade is written.

        A stop at the venue goes last: while an entry may fill on, it guards what that brings.
        """
        exited = any(f.leg != "entry" for f in fills)
        stops = [o for o in orders if o.leg == "stop" and o.status == OrderStatus.WORKING]
        self._withdraw([o for o in orders if o not in stops] if exited else [])
        if any(self._orders[o.client_order_id].status in LIVE for o in orders if o.leg == "entry"):
            return
        self._withdraw(stops)
        self._plan(stored.plan.plan_id, PlanStatus.CLOSED)
        self._trade(fills, stored.risk_amount)

    def _taken_back(self, orders: Sequence[Order]) -> list[Order]:
        """Orders of a plan that is to be left before anything of it filled: no entry may."""
        self._withdraw([o for o in orders if o.leg == "entry"])
        return [self._orders[o.client_order_id] for o in orders]

    def _guard(self, stored: StoredPlan, orders: Sequence[Order], fills: Sequence[Fill]) -> None:
        """Stop and targets for what is held; where the venue refuses the stop, out at once."""
        stops = [o for o in orders if o.leg == "stop"]
        refused = bool(stops) and stops[-1].status == OrderStatus.REJECTED
        on = self._instrument(stored.plan.symbol)
        for order in wanted_exits(stored, orders, fills, on, self._at, self._account):
            if not (refused and order.leg == "stop"):
                self._put(order)
        if refused:
            self._close_out(stored, orders, self._held(stored, fills), "unguarded")

    def _tidy(self, stored: StoredPlan, orders: Sequence[Order]) -> None:
        """After the end of a plan: an order that was half sent works after all, or even filled.

        What is held then has neither stop nor plan: it is closed at once.
        """
        plan_id = stored.plan.plan_id
        fills = self._plan_fills(plan_id)
        held = self._held(stored, fills)
        closing = [o for o in orders if o.leg == "close" and held > ZERO]
        self._withdraw([o for o in orders if o not in closing])
        if held > ZERO and under_way(orders) is None:
            self._close_out(stored, orders, held, "unguarded")
        elif any(isinstance(e, Fill) and e.plan_id == plan_id for e in self._entries):
            self._trade(fills, stored.risk_amount)

    def _held(self, stored: StoredPlan, fills: Sequence[Fill]) -> Decimal:
        return whole_steps(stored, fills, self._instrument(stored.plan.symbol))

    def _close_out(
        self, stored: StoredPlan, orders: Sequence[Order], held: Decimal, reason: CloseReason | None
    ) -> None:
        """An order for all that is held, at the market.

        After one that came to nothing there is a pause, and it has the reason of that one.
        """
        plan, bracket, run_id = stored.plan, stored.bracket, stored.plan.run_id
        before = closes(orders)
        wait = retry_at(before)
        if wait is not None and self._at < wait:
            return
        if before and (wait is not None or reason is None):
            reason, run_id = before[-1].reason, before[-1].run_id
        quantity = held if bracket.side == "long" else -held
        position = Position(plan.symbol, quantity, ZERO, self._at, plan.plan_id)
        on, slippage = self._instrument(plan.symbol), bracket.stop_slippage
        order = close_order(
            position, orders, on, reason or "exit", self._at, run_id, self._account, slippage
        )
        if order is not None and self._order(order.client_order_id) is None:
            self._put(order)

    def _trade(self, fills: Sequence[Fill], risk_amount: Decimal) -> None:
        """The round trip, with what this news paid."""
        paid = [e for e in self._entries if isinstance(e, FundingPayment)]
        trade = round_trip(fills, [*self._journal.funding_payments(), *paid], risk_amount)
        if trade is not None:
            self._trades.append(trade)

    def _plan(self, plan_id: str, status: PlanStatus) -> PlanStatus:
        self._plans.append((plan_id, status))
        return status

    def _plan_orders(self, plan_id: str) -> list[Order]:
        """As they stand now, each leg's oldest first."""
        for order in self._journal.plan_orders(plan_id):
            self._was.setdefault(order.client_order_id, order)
            self._orders.setdefault(order.client_order_id, order)
        mine = [o for o in self._orders.values() if o.plan_id == plan_id]
        return in_order(mine, self._journal.newest_version(plan_id), self._account)

    def _plan_fills(self, plan_id: str) -> list[Fill]:
        new = [e for e in self._entries if isinstance(e, Fill) and e.plan_id == plan_id]
        return [*self._journal.plan_fills(plan_id), *new]

    def _order(self, name: str) -> Order | None:
        if name not in self._orders and (order := self._journal.order(name)) is not None:
            self._was[name] = self._orders[name] = order
        return self._orders.get(name)

    def _withdraw(self, orders: Sequence[Order]) -> None:
        for order in withdrawn(orders):
            self._put(order)

    def _put(self, order: Order) -> None:
        self._orders[order.client_order_id] = order
        self._touched[order.plan_id] = None
