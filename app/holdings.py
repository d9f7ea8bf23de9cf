"""What a session holds, with what guards it and what it has gained so far."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.listing import ListFilter, listed
from domain.clock import iso
from domain.instrument import quote_of
from domain.lifecycle import LIVE
from domain.numbers import plain
from domain.orders import TARGET_LEGS, Deposit, Position, live_stop
from journal.books import Journal


def positions_document(journal: Journal, wanted: ListFilter) -> dict[str, Any]:
    """What is held, with what guards it.

    The record holds each purse's value, not prices: it gives what all positions in a currency have
    gained, and the price of one that is held alone, as long as nothing happened after that value
    was taken.
    """
    held = sorted(journal.ledger().positions.values(), key=lambda p: (p.opened_at, p.symbol))
    found, earlier = wanted.of(held, lambda p: p.symbol, lambda p: p.opened_at)
    gains = {currency: _gained(journal, currency) for currency in journal.capital()}
    records = [_position_record(journal, p, gains[quote_of(p.symbol)]) for p in found]
    valued = [_gain_record(currency, gain) for currency, gain in gains.items()]
    only = valued[0] if len(valued) == 1 else dict.fromkeys(valued[0])
    return {
        **listed(journal, "positions", records, earlier),
        "unrealised": only["unrealised"],
        "unrealised_at": only["unrealised_at"],
        "purses": valued,
    }


class _Gain(NamedTuple):
    """What a purse's positions have gained."""

    at: datetime
    amount: Decimal
    alone: bool
    """They are one."""


def _gained(journal: Journal, currency: str) -> _Gain | None:
    """None where nothing is held, or something happened since the purse was valued."""
    ledger, points = journal.ledger(), journal.equity_points(currency)
    held = ledger.held(currency)
    traded = [e.at for e in journal.entries() if not isinstance(e, Deposit)]
    if not held or not points or any(at >= points[-1].at for at in traded):
        return None
    at_cost = ledger.equity(currency, {s: p.entry_price for s, p in held.items()})
    amount = points[-1].earned - (at_cost - ledger.purses[currency].net_deposits)
    return _Gain(points[-1].at, amount, len(held) == 1)


def _gain_record(currency: str, gain: _Gain | None) -> dict[str, Any]:
    return {
        "currency": currency,
        "unrealised": None if gain is None else plain(gain.amount),
        "unrealised_at": None if gain is None else iso(gain.at),
    }


def _position_record(journal: Journal, position: Position, gain: _Gain | None) -> dict[str, Any]:
    gained = gain.amount if gain is not None and gain.alone else None
    stored = journal.stored_plan(position.plan_id)
    live = [o for o in journal.plan_orders(position.plan_id) if o.status in LIVE]
    stop = live_stop(live)
    mark = None if gained is None else position.entry_price + gained / position.quantity
    return {
        "symbol": position.symbol,
        "side": position.side,
        "quantity": plain(abs(position.quantity)),
        "entry_price": plain(position.entry_price, 8),
        "stop_price": plain(stop.price) if stop and stop.price is not None else None,
        "stop_order": stop.client_order_id if stop else None,
        "targets": [
            {"price": plain(o.price), "quantity": plain(o.remaining)}
            for o in sorted(live, key=lambda o: o.leg)
            if o.leg in TARGET_LEGS and o.price is not None
        ],
        "closing": any(o.leg == "close" for o in live),
        "risk_amount": plain(stored.risk_amount),
        "plan_id": position.plan_id,
        "opened_at": iso(position.opened_at),
        "close_at": iso(stored.close_at),
        "mark": None if mark is None else plain(mark, 8),
        "unrealised": None if gained is None else plain(gained),
    }
