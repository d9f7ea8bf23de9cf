"""Orders, fills and positions: what is sent, what came back, what is held.

An order's client id is derived from content alone, so the same decision always names the same order
and a venue can recognise a repetition.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.book import OrderSide
from domain.lifecycle import OrderStatus
from domain.numbers import ZERO
from domain.plan import Side

OrderKind = Literal["market", "limit", "stop"]
Leg = Literal["entry", "stop", "target_1", "target_2", "target_3", "close"]
CloseReason = Literal["stop", "target", "time", "exit", "end"]

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


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `fee` is in quote; cash moves by price x quantity and by the fee."""

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
    at: datetime
    expected_price: Decimal
    """What was wanted: limit or trigger price; for a market order the market's own price then."""
    slippage_bps: Decimal
    """Signed cost against `expected_price`; positive is worse than wanted."""
    reason: CloseReason | None = None


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


def client_order_id(account: str, plan_id: str, version: int, leg: Leg, sequence: int = 0) -> str:
    """`pg` and 26 lower-case base32 characters of a SHA-256 over content: 130 bits, no clock."""
    text = f"{account}|{plan_id}|{version}|{leg}|{sequence}"
    digest = hashlib.sha256(text.encode()).digest()
    return "pg" + base64.b32encode(digest).decode().lower()[:26]
