"""Orders, fills and positions: what is sent, what came back, what is held.

An order's client id is derived from content alone, so the same decision always names the same order
and a venue can recognise a repetition.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.book import OrderSide
from domain.lifecycle import LIVE, OrderStatus
from domain.numbers import ZERO
from domain.plan import Side

OrderKind = Literal["market", "limit", "stop", "stop_limit"]
Leg = Literal["entry", "stop", "target_1", "target_2", "target_3", "reduce", "close"]
CloseReason = Literal[
    "stop",
    "breakeven",
    "trailing",
    "target",
    "time",
    "stale",
    "invalidated",
    "exit",
    "end",
    "manual",
    "liquidation",
    "unguarded",
]
"""`breakeven` and `trailing`: a stop that was moved; `stale`: it came nowhere; `invalidated`: a
condition under which the plan is wrong came true; `exit`: the model's word; `manual`: an
operator's; `unguarded`: the venue refused the stop, so nothing was left to protect the position."""
FeeCurrency = Literal["quote", "base"]

TARGET_LEGS: tuple[Leg, ...] = ("target_1", "target_2", "target_3")


@dataclass(frozen=True, slots=True)
class Order:
    """One order, from intent to its last status. Prices in quote, quantities in base."""

    client_order_id: str
    plan_id: str
    run_id: str
    symbol: str
    leg: Leg
    side: OrderSide
    kind: OrderKind
    quantity: Decimal
    price: Decimal | None
    """Limit or trigger price; None for a market order."""
    reduce_only: bool
    """True for every exit: it may shrink the position, never open or turn one."""
    created_at: datetime
    status: OrderStatus
    slippage: Decimal = ZERO
    """Adverse price difference assumed when it takes liquidity, in quote per unit."""
    expires_at: datetime | None = None
    """Cancelled unfilled then; None works until cancelled."""
    reason: CloseReason | None = None
    """For a `close` leg: why the position is closed."""
    limit_price: Decimal | None = None
    """Stop-limit only: the worst price once it is triggered, in quote."""
    filled: Decimal = ZERO
    """Sum of its fills, in base."""
    placed_quantity: Decimal | None = None
    """What the venue has confirmed; `quantity` is what we want. None before it was accepted."""
    placed_price: Decimal | None = None
    """The same, of the price."""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet, in base."""
        return self.quantity - self.filled

    @property
    def is_filled(self) -> bool:
        """Whether all of it is filled that the venue has, be less of it wanted by now or more."""
        there = self.quantity if self.placed_quantity is None else self.placed_quantity
        return self.filled >= there

    @property
    def is_placed_as_wanted(self) -> bool:
        """Whether the venue has the order as it should stand."""
        return (self.placed_quantity, self.placed_price) == (self.quantity, self.price)

    def placed(self, quantity: Decimal, price: Decimal | None) -> Order:
        """The same order, now that the venue has it so."""
        first = self.status in {OrderStatus.PENDING, OrderStatus.SENDING}
        status = OrderStatus.WORKING if first else self.status
        return replace(self, status=status, placed_quantity=quantity, placed_price=price)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. Cash moves by price x quantity, and by a fee in quote."""

    trade_id: str
    """The venue's id, applied at most once."""
    client_order_id: str
    plan_id: str
    symbol: str
    leg: Leg
    side: OrderSide
    quantity: Decimal
    price: Decimal
    fee: Decimal
    """In `fee_currency`; one in base comes off what is held."""
    at: datetime
    expected_price: Decimal
    """What was wanted: limit or trigger price; for a market order the market's own price then."""
    slippage_bps: Decimal
    """Signed cost against `expected_price`; positive is worse than wanted."""
    reason: CloseReason | None = None
    fee_currency: FeeCurrency = "quote"
    clamped: bool = False
    """The price with slippage lay beyond the bar and was set to its edge."""

    @property
    def moved(self) -> Decimal:
        """What it adds to the position, signed, in base: a fee in base is taken off."""
        signed = self.quantity if self.side == "buy" else -self.quantity
        return signed - self.fee if self.fee_currency == "base" else signed

    @property
    def fee_in_quote(self) -> Decimal:
        """The fee's worth at the fill's own price."""
        return self.fee * self.price if self.fee_currency == "base" else self.fee


@dataclass(frozen=True, slots=True)
class FundingPayment:
    """Funding of one perpetual position at one stamp; positive amounts were paid, in quote."""

    symbol: str
    at: datetime
    rate_fraction: Decimal
    quantity: Decimal
    """Signed position at the stamp, in base."""
    price: Decimal
    """Price the notional was reckoned at, in quote."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money that came into the account from outside, or with a negative amount left it."""

    deposit_id: str
    """Named by whoever ordered it; applied at most once."""
    currency: str
    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """What is held in one instrument; a flat instrument has no position."""

    symbol: str
    quantity: Decimal
    """Signed, in base: positive long, negative short."""
    cost: Decimal
    """Signed sum of price x quantity of what is still open, in quote."""
    opened_at: datetime
    plan_id: str

    @property
    def side(self) -> Side:
        """`long` or `short`."""
        return "long" if self.quantity > ZERO else "short"

    @property
    def entry_price(self) -> Decimal:
        """Average entry price, in quote."""
        return self.cost / self.quantity

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit if closed at `mark` without costs, in quote."""
        return self.quantity * mark - self.cost


def live_stop(orders: Sequence[Order]) -> Order | None:
    """The stop among a plan's orders that guards it, or is about to; there is never a second one.

    Another one is made only when it is confirmed dead.
    """
    return next((o for o in orders if o.leg == "stop" and o.status in LIVE), None)


def client_order_id(account: str, plan_id: str, version: int, leg: Leg, sequence: int = 0) -> str:
    """`pg` and 26 lower-case base32 characters of a SHA-256 over content: 130 bits, no clock."""
    text = f"{account}|{plan_id}|{version}|{leg}|{sequence}"
    digest = hashlib.sha256(text.encode()).digest()
    return "pg" + base64.b32encode(digest).decode().lower()[:26]
