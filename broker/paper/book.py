"""The paper venue's own record while it runs: orders that rest there, and the account.

It knows orders, not plans. What it promises about reduce-only orders is what a futures venue does:
none ever takes more than is held, and none outlives the position.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from broker import costs
from broker.executed import fill_of
from broker.paper.fills import Phase, Touch
from broker.paper.terms import PaperTerms
from broker.protocol import Execution, News, VenueOrder, VenueStatus
from domain.instrument import Instrument, quote_of
from domain.lifecycle import OrderStatus
from domain.numbers import ZERO
from domain.orders import Deposit, FeeCurrency, FundingPayment, Order
from domain.strict_json import content_hash
from journal.ledger import Entry, Ledger

STATUS: dict[VenueStatus, OrderStatus] = {
    "working": OrderStatus.WORKING,
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Resting:
    """An order at the venue."""

    order: Order
    """As it was taken, with the quantity and price of its last amendment and what is filled."""
    since: datetime
    """When it was taken; inside a bar, that bar's open."""
    phase: Phase = Phase.OPEN
    """Inside a bar, the phase in which it was taken."""
    triggered: bool = False
    """A stop that was set off and is not filled whole."""
    status: VenueStatus = "working"
    reason: str = ""

    @property
    def told(self) -> VenueOrder:
        """As the venue tells it."""
        order = self.order
        return VenueOrder(
            order.client_order_id,
            order.symbol,
            self.status,
            order.quantity,
            order.price,
            order.filled,
            self.reason,
        )


@dataclass
class PaperBook:
    """Orders by client id, the account, and what changed since it was last stored."""

    ledger: Ledger
    terms: PaperTerms
    orders: dict[str, Resting] = field(default_factory=dict)
    """Those that work. Others are in the store."""
    changed: dict[str, Resting] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    told: list[Execution] = field(default_factory=list)

    def held(self, symbol: str) -> Decimal:
        """Signed position, in base."""
        position = self.ledger.positions.get(symbol)
        return ZERO if position is None else position.quantity

    def exposed(self, currency: str) -> set[str]:
        """Symbols of a purse that are held or worked."""
        worked = (resting.order.symbol for resting in self.orders.values())
        return {s for s in (*self.ledger.positions, *worked) if quote_of(s) == currency}

    def of(self, symbol: str) -> list[Resting]:
        """Working orders of a symbol, by client id."""
        return [r for _, r in sorted(self.orders.items()) if r.order.symbol == symbol]

    def idle(self, symbol: str) -> bool:
        """Whether nothing of a symbol is held or working, so that its bars need no look."""
        return not self.held(symbol) and not any(
            r.order.symbol == symbol for r in self.orders.values()
        )

    def put(self, resting: Resting) -> Resting:
        """Take an order in, or its new state; one that ended works no more."""
        name = resting.order.client_order_id
        self.changed[name] = resting
        if resting.status == "working":
            self.orders[name] = resting
        else:
            self.orders.pop(name, None)
        return resting

    def end(self, resting: Resting, status: VenueStatus, reason: str = "") -> Resting:
        """An order's last state."""
        return self.put(replace(resting, status=status, reason=reason))

    def reducible(self, order: Order) -> Decimal:
        """How much of an order may fill: all that remains, or what there is to reduce."""
        if not order.reduce_only:
            return order.remaining
        held = self.held(order.symbol)
        opposes = held > ZERO if order.side == "sell" else held < ZERO
        return min(order.remaining, abs(held)) if opposes else ZERO

    def fill(
        self, resting: Resting, quantity: Decimal, touch: Touch, at: datetime, on: Instrument
    ) -> News:
        """Fill `quantity` of an order, and bring its reduce-only siblings in line."""
        order = resting.order
        execution = self._execution(order, quantity, touch, at, on)
        self._book(order, execution, on)
        order = replace(order, filled=order.filled + quantity)
        triggered = resting.triggered or order.kind in {"stop", "stop_limit"}
        done = order.remaining <= ZERO
        resting = replace(resting, order=order, triggered=triggered)
        changed = [self.put(replace(resting, status="filled" if done else "working"))]
        changed += self._reduce(order.symbol)
        return News((execution,), [r.told for r in changed])

    def liquidate(self, touch: Touch, at: datetime, on: Instrument) -> News:
        """Close a position by force; nobody's order is filled, and the fee is dearer."""
        position = self.ledger.positions[on.symbol]
        quantity = abs(position.quantity)
        order = Order(
            client_order_id=f"liquidation-{content_hash(f'{on.symbol}|{at.isoformat()}')[:16]}",
            plan_id=position.plan_id,
            run_id="",
            symbol=on.symbol,
            leg="close",
            side="sell" if position.side == "long" else "buy",
            kind="market",
            quantity=quantity,
            price=None,
            reduce_only=True,
            created_at=at,
            status=OrderStatus.WORKING,
            reason="liquidation",
        )
        dearer = self.terms.liquidation_fee_fraction * quantity * touch.price
        execution = self._execution(order, quantity, touch, at, on)
        execution = replace(execution, fee=execution.fee + dearer, forced=True)
        self._book(order, execution, on)
        changed = self._reduce(on.symbol)
        return News((execution,), [r.told for r in changed])

    def pay_funding(self, payment: FundingPayment) -> News:
        """Funding at its stamp."""
        self.ledger = self.ledger.apply_funding(payment)
        self.log.append(payment)
        return News(funding=(payment,))

    def move_money(self, deposit: Deposit) -> Deposit:
        """Money from outside, or out."""
        self.ledger = self.ledger.apply_deposit(deposit)
        self.log.append(deposit)
        return deposit

    def _book(self, order: Order, execution: Execution, on: Instrument) -> None:
        fill = fill_of(execution, order)
        self.ledger = self.ledger.apply_fill(fill, on.kind)
        self.log.append(fill)
        self.told.append(execution)

    def _execution(
        self, order: Order, quantity: Decimal, touch: Touch, at: datetime, on: Instrument
    ) -> Execution:
        in_base = on.kind == "spot" and order.side == "buy"
        currency: FeeCurrency = self.terms.buy_fee_currency if in_base else "quote"
        fee = costs.fee(on, quantity, Decimal(1) if currency == "base" else touch.price)
        name = f"{order.client_order_id}|{at.isoformat()}|{order.filled.normalize()}"
        return Execution(
            trade_id=content_hash(name)[:20],
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=touch.price,
            fee=fee,
            fee_currency=currency,
            at=at,
            expected_price=touch.expected,
            clamped=touch.clamped,
        )

    def _reduce(self, symbol: str) -> list[Resting]:
        """Reduce-only orders shrink to what is held; with nothing held they are cancelled."""
        changed = []
        for resting in [r for r in self.of(symbol) if r.order.reduce_only]:
            left = self.reducible(resting.order)
            if left == ZERO:
                changed.append(self.end(resting, "cancelled", "nothing is held"))
            elif left < resting.order.remaining:
                order = replace(resting.order, quantity=resting.order.filled + left)
                changed.append(self.put(replace(resting, order=order)))
        return changed
