"""Frozen values to table rows and back, and what a few columns of a row tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from domain.lifecycle import OrderStatus, TradingState
from domain.orders import Deposit, Fill, FundingPayment, Order
from domain.trade import ClosedTrade
from domain.verdict import Bracket
from policies.trading_state import StateEntry

Kept = Order | Fill | FundingPayment | Deposit | ClosedTrade | StateEntry
_T = TypeVar("_T", Order, Fill, FundingPayment, Deposit, ClosedTrade, StateEntry)
_STATUS = {Order: ("status", OrderStatus), StateEntry: ("state", TradingState)}


class Terms(NamedTuple):
    """What of a plan's arithmetic outlives its approval."""

    bracket: Bracket
    risk_amount: Decimal


class Approval(NamedTuple):
    """An approved plan that stands."""

    at: datetime
    symbol: str
    run_id: str
    plan_id: str


class Made(NamedTuple):
    """An order's making."""

    at: datetime
    run_id: str


def to_row(session: str, value: Kept) -> dict[str, Any]:
    """The columns of a value in this session."""
    return {"session": session, **asdict(value)}


def from_row(kind: type[_T], row: Mapping[str, Any]) -> _T:
    """The value that a row holds."""
    named = {f.name: row[f.name] for f in fields(kind)}
    if kind in _STATUS:
        name, closed_set = _STATUS[kind]
        named[name] = closed_set(named[name])
    return kind(**named)
