"""What a script came to, as JSON values: every Decimal is plain text, every moment ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from broker.chance import Fault
from broker.paper.terms import PaperTerms
from broker.protocol import Execution
from broker.simulate.checks import checked
from broker.simulate.player import Played
from domain.clock import iso
from domain.numbers import plain
from domain.orders import FundingPayment
from domain.trade import ClosedTrade
from journal.ledger import Ledger

SCHEMA = "plangate.paper/1"
QUOTIENT_DIGITS = 12
"""Places of what is a quotient and may never end: an average price, an R multiple."""


def result_document(played: Played) -> dict[str, Any]:
    """The whole result, its invariants checked by arithmetic of their own."""
    record, watch = played.record, played.world.watch
    document = {
        "schema": SCHEMA,
        "description": played.script.description,
        "through": "house" if record.plans else "venue",
        "until": iso(played.script.ends_at),
        "executions": [_execution(e, record.names) for e in played.executions],
        "orders": [_row(order) for order in record.orders],
        "answers": [_row(answer) for answer in played.world.answers],
        "funding": [_payment(payment) for payment in played.payments],
        "deposits": [_row(deposit) for deposit in record.deposits],
        "plans": [_row(plan) for plan in record.plans],
        "trades": [_trade(name, trade) for name, trade in record.trades],
        "guards": [_row(guard) for guard in watch.guards] if record.plans else [],
        "ledger": _ledger(record.ledger, played.marks, played.script.paper_terms),
        "restarts": [_row(restart) for restart in played.reopened],
        "notices": list(played.world.notices),
        "faults": [_fault(fault, record.names) for fault in played.world.faults],
        "replayed_equal": record.replayed_equal,
    }
    return {**document, "invariants": [c._asdict() for c in checked(played.script, document)]}


def holds(document: Mapping[str, Any]) -> bool:
    """Whether nothing in a result is a fault of ours."""
    return document["replayed_equal"] and all(row["holds"] for row in document["invariants"])


def _execution(execution: Execution, names: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    plan, leg = names.get(execution.client_order_id, (None, None))
    return {
        "at": iso(execution.at),
        "symbol": execution.symbol,
        "order": execution.client_order_id,
        "plan": plan,
        "leg": leg,
        "side": execution.side,
        "quantity": plain(execution.quantity),
        "price": plain(execution.price),
        "expected_price": plain(execution.expected_price or execution.price),
        "clamped": execution.clamped,
        "fee": plain(execution.fee),
        "fee_currency": execution.fee_currency,
        "forced": execution.forced,
        "trade_id": execution.trade_id,
    }


def _fault(fault: Fault, names: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    plan, leg = names.get(fault.order, (None, None))
    return {**_row(fault), "plan": plan, "leg": leg}


def _payment(payment: FundingPayment) -> dict[str, Any]:
    return {
        "at": iso(payment.at),
        "symbol": payment.symbol,
        "rate_fraction": plain(payment.rate_fraction),
        "quantity": plain(payment.quantity),
        "price": plain(payment.price),
        "amount": plain(payment.amount),
    }


def _trade(plan: str, trade: ClosedTrade) -> dict[str, Any]:
    return {
        "plan": plan,
        "symbol": trade.symbol,
        "side": trade.side,
        "quantity": plain(trade.quantity),
        "entry_price": _quotient(trade.entry_price),
        "exit_price": _quotient(trade.exit_price),
        "opened_at": iso(trade.opened_at),
        "closed_at": iso(trade.closed_at),
        "gross": _quotient(trade.gross),
        "fees": plain(trade.fees),
        "funding": plain(trade.funding),
        "net": _quotient(trade.net),
        "risk_amount": plain(trade.risk_amount),
        "r_multiple": _quotient(trade.r_multiple),
        "close_reason": trade.close_reason,
    }


def _ledger(ledger: Ledger, marks: Mapping[str, Decimal], terms: PaperTerms) -> dict[str, Any]:
    """Money by currency; that of the only one stands beside it too."""
    purses = [_purse(ledger, name, marks, terms) for name in sorted(ledger.purses)]
    return {
        **(purses[0] if len(purses) == 1 else {}),
        "purses": purses,
        "positions": [
            {
                "symbol": symbol,
                "quantity": plain(position.quantity),
                "cost": plain(position.cost),
                "entry_price": _quotient(position.entry_price),
                "mark": plain(marks[symbol]) if symbol in marks else None,
            }
            for symbol, position in sorted(ledger.positions.items())
        ],
    }


def _purse(
    ledger: Ledger, currency: str, marks: Mapping[str, Decimal], terms: PaperTerms
) -> dict[str, Any]:
    purse, held = ledger.purses[currency], ledger.held(currency)
    valued = set(held) <= set(marks)
    equity = ledger.equity(currency, marks) if valued else None
    locked = _locked(ledger, currency, marks, terms) if valued else None
    return {
        "quote": currency,
        "capital": plain(purse.capital),
        "net_deposits": plain(purse.net_deposits),
        "cash": plain(purse.cash),
        "realised": plain(purse.realised),
        "fees": plain(purse.fees),
        "funding": plain(purse.funding),
        "equity": None if equity is None else plain(equity),
        "locked": None if locked is None else plain(locked),
        "free": None if equity is None or locked is None else plain(equity - locked),
    }


def _locked(
    ledger: Ledger, currency: str, marks: Mapping[str, Decimal], terms: PaperTerms
) -> Decimal:
    """What positions tie up: all of a spot position's value, a perpetual's over its leverage."""
    total = Decimal(0)
    for symbol, position in ledger.held(currency).items():
        value = abs(position.quantity * marks[symbol])
        total += value / terms.leverage_ratio if symbol in ledger.perpetuals else value
    return total


def _row(value: Any) -> dict[str, Any]:
    return {name: _value(item) for name, item in value._asdict().items()}


def _value(item: Any) -> Any:
    if isinstance(item, Decimal):
        return plain(item)
    return iso(item) if isinstance(item, datetime) else item


def _quotient(value: Decimal) -> str:
    return plain(value, QUOTIENT_DIGITS)
