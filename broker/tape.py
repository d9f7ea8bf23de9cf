"""One account's orders on one bar after another, and what follows from each fill.

On each bar, in this order: entries past their time expire, a position past its plan's horizon is
closed at the open, closing orders fill, entries fill, then the stop, then the targets. Stop before
target is the cautious reading of a bar that touched both. After an entry inside the bar (a limit
that did not gap) no target of that bar counts, since its high may lie before the entry.

Nothing here touches the database: the changes are collected into one batch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from broker import costs
from broker.fills import Execution, PriceBar, fill_on_bar
from broker.outbox import close_order, exit_orders
from domain.instrument import Instrument
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Fill, FundingPayment, Order
from domain.strict_json import content_hash
from domain.trade import ClosedTrade
from journal.batch import Batch
from journal.ledger import Entry, Ledger
from journal.reading import JournalReader
from journal.trades import close_trade


class Tape:
    """Working orders and the account during one advance, and the changes so far."""

    def __init__(self, journal: JournalReader, ledger: Ledger, account: str) -> None:
        self.ledger = ledger
        self.working = {o.client_order_id: o for o in journal.orders(OrderStatus.WORKING)}
        self._journal = journal
        self._account = account
        self._new: list[Order] = []
        self._steps: list[tuple[str, OrderStatus]] = []
        self._plans: list[tuple[str, PlanStatus]] = []
        self._entries: list[Entry] = []
        self._resized: dict[str, Order] = {}
        self._trades: list[ClosedTrade] = []

    def idle(self, symbol: str) -> bool:
        """Whether nothing of a symbol is held or working, so that its bars need no look."""
        return symbol not in self.ledger.positions and not self._of(symbol)

    def batch(self, cursor: datetime | None) -> Batch:
        """Everything that changed, to be applied as one."""
        return Batch(
            new_orders=self._new,
            steps=self._steps,
            plans=self._plans,
            entries=self._entries,
            resized=self._resized,
            trades=self._trades,
            cursor=cursor,
        )

    @property
    def fills(self) -> list[Fill]:
        """Fills so far, in order."""
        return [entry for entry in self._entries if isinstance(entry, Fill)]

    @property
    def steps(self) -> list[tuple[str, OrderStatus]]:
        """Orders that took a step so far."""
        return self._steps

    def pay_funding(
        self, symbol: str, at: datetime, rate_fraction: Decimal, price: Decimal
    ) -> None:
        """Funding at its stamp, on what is held then."""
        position = self.ledger.positions.get(symbol)
        if position is not None and position.opened_at < at:
            payment = costs.funding_payment(position, at, rate_fraction, price)
            self._entries.append(payment)
            self.ledger = self.ledger.apply_funding(payment)

    def play(self, bar: PriceBar, instrument: Instrument) -> None:
        """One bar of one symbol."""
        symbol = instrument.symbol
        self.expire(symbol, bar.open_at)
        self._close_at_horizon(symbol, bar)
        for leg in ("close", "entry", "stop", "target"):
            for order in sorted(self._of(symbol, leg), key=lambda o: o.leg):
                if not self.is_over(order):
                    self._try(order, bar, instrument)

    def is_over(self, order: Order) -> bool:
        """Whether an order ended meanwhile; an exit ends here when nothing is left to reduce."""
        if order.client_order_id not in self.working:
            return True
        if order.reduce_only and order.symbol not in self.ledger.positions:
            self._step(order, OrderStatus.CANCELLED)
            return True
        return False

    def execute(
        self, order: Order, execution: Execution, at: datetime, instrument: Instrument
    ) -> Order:
        """Book one fill and what follows from it; returns the order as it was filled."""
        order = self._capped(order)
        fill = Fill(
            trade_id=content_hash(f"{order.client_order_id}|{at.isoformat()}")[:20],
            client_order_id=order.client_order_id,
            plan_id=order.plan_id,
            symbol=order.symbol,
            leg=order.leg,
            side=order.side,
            quantity=order.quantity,
            price=execution.price,
            fee=costs.fee(instrument, order.quantity, execution.price),
            at=at,
            expected_price=execution.expected,
            slippage_bps=costs.slippage_bps(order.side, execution.price, execution.expected),
            reason=order.reason,
        )
        self._entries.append(fill)
        self.ledger = self.ledger.apply_fill(fill, instrument.kind)
        self._step(order, OrderStatus.FILLED)
        if order.leg == "entry":
            self._opened(order, at)
        else:
            self._reduced(order)
        return order

    def _try(self, order: Order, bar: PriceBar, instrument: Instrument) -> None:
        execution = fill_on_bar(order, bar, instrument.price_tick)
        if execution is None:
            return
        self.execute(order, execution, bar.open_at, instrument)
        if order.leg == "entry" and order.kind == "limit" and execution.price != bar.open:
            self._hold_targets_back(order.plan_id, bar)

    def _opened(self, order: Order, at: datetime) -> None:
        stored = self._journal.stored_plan(order.plan_id)
        exits = exit_orders(stored.plan, stored.bracket, at, self._account)
        self._new += exits
        self.working.update({o.client_order_id: o for o in exits})
        self._plans.append((order.plan_id, PlanStatus.OPEN))

    def _hold_targets_back(self, plan_id: str, bar: PriceBar) -> None:
        """Targets of an entry inside the bar work from the bar's next moment on."""
        for order in list(self.working.values()):
            if order.plan_id == plan_id and order.leg.startswith("target"):
                later = replace(order, created_at=bar.open_at.replace(microsecond=1))
                self.working[order.client_order_id] = later

    def _reduced(self, order: Order) -> None:
        position = self.ledger.positions.get(order.symbol)
        left = abs(position.quantity) if position else Decimal(0)
        for sibling in [o for o in self._of(order.symbol) if o.reduce_only]:
            if left == 0:
                self._step(sibling, OrderStatus.CANCELLED)
            elif sibling.leg == "stop":
                resized = replace(sibling, quantity=left)
                self.working[sibling.client_order_id] = resized
                self._resized[sibling.client_order_id] = resized
        if left == 0:
            self._closed(order.plan_id)

    def _closed(self, plan_id: str) -> None:
        self._plans.append((plan_id, PlanStatus.CLOSED))
        stored = self._journal.stored_plan(plan_id)
        known = {f.trade_id for f in self.fills}
        earlier = [f for f in self._journal.fills(plan_id) if f.trade_id not in known]
        fills = [*earlier, *(f for f in self.fills if f.plan_id == plan_id)]
        paid = [e for e in self._entries if isinstance(e, FundingPayment)]
        payments = [*self._journal.funding_payments(), *paid]
        mine = [p for p in payments if p.symbol == stored.plan.symbol]
        if trade := close_trade(fills, mine, stored.risk_amount):
            self._trades.append(trade)

    def expire(self, symbol: str, now: datetime) -> None:
        """End the entries of a symbol whose time is over."""
        for order in self._of(symbol, "entry"):
            if order.expires_at is not None and now >= order.expires_at:
                self._step(order, OrderStatus.EXPIRED)
                self._plans.append((order.plan_id, PlanStatus.EXPIRED))

    def _close_at_horizon(self, symbol: str, bar: PriceBar) -> None:
        position = self.ledger.positions.get(symbol)
        if position is None or bar.volume <= 0 or self._of(symbol, "close"):
            return
        stored = self._journal.stored_plan(position.plan_id)
        if bar.open_at < stored.close_at:
            return
        order = close_order(
            position,
            "time",
            bar.open_at,
            stored.plan.run_id,
            self._account,
            stored.bracket.stop_slippage,
        )
        working = replace(order, status=OrderStatus.WORKING)
        self._new.append(working)
        self.working[working.client_order_id] = working

    def _capped(self, order: Order) -> Order:
        """An exit never takes more than is held: it may not open or turn a position."""
        if not order.reduce_only:
            return order
        position = self.ledger.positions.get(order.symbol)
        held = abs(position.quantity) if position else Decimal(0)
        return replace(order, quantity=min(order.quantity, held))

    def _step(self, order: Order, status: OrderStatus) -> None:
        self._steps.append((order.client_order_id, status))
        self.working.pop(order.client_order_id, None)

    def _of(self, symbol: str, leg: str = "") -> list[Order]:
        return [o for o in self.working.values() if o.symbol == symbol and o.leg.startswith(leg)]
