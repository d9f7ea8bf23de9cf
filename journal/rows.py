"""Frozen values to table rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from domain.lifecycle import OrderStatus
from domain.orders import Fill, FundingPayment, Order
from domain.trade import ClosedTrade

_T = TypeVar("_T", Order, Fill, FundingPayment, ClosedTrade)


def to_row(session: str, value: Order | Fill | FundingPayment | ClosedTrade) -> dict[str, Any]:
    """The columns of a value in this session."""
    return {"session": session, **asdict(value)}


def from_row(kind: type[_T], row: Mapping[str, Any]) -> _T:
    """The value that a row holds."""
    named = {f.name: row[f.name] for f in fields(kind)}
    if kind is Order:
        named["status"] = OrderStatus(named["status"])
    return kind(**named)
