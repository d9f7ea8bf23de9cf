"""The result of a run as one JSON document, the same for the same inputs byte for byte.

It holds no wall-clock time and no duration; those are in the traces.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.faulting import fault_document
from app.reopening import KEPT
from domain.clock import iso
from domain.numbers import plain
from journal.books import Journal
from journal.ledger import Ledger

if TYPE_CHECKING:
    from app.options import SessionOptions
    from app.wire import Wired

DISCLAIMER = (
    "Paper trading. Research software, not advice; past or simulated results promise nothing."
)


def _config(journal: Journal) -> dict[str, Any]:
    """What the session was started with, without what is kept only to open it again."""
    return {key: value for key, value in journal.config().items() if key not in KEPT}


def run_document(wired: Wired, options: SessionOptions) -> dict[str, Any]:
    """Everything a session decided and did so far."""
    journal, context = wired.context.journal, wired.context
    decisions = journal.decisions()
    return {
        "schema": "plangate.run/1",
        "disclaimer": DISCLAIMER,
        "session": {"name": journal.session, **_config(journal)},
        "market": {
            "source": wired.info.name,
            "origin": wired.info.origin,
            "description": wired.info.description,
            "symbols": list(context.symbols),
            "order_book": journal.config()["order_book"],
            "from": iso(wired.window[0]) if wired.window else None,
            "to": iso(wired.window[1]) if wired.window else None,
        },
        "model": options.model,
        "policy": context.policy.model_dump(mode="json"),
        "decisions": decisions,
        "orders": [plain_record(order) for order in journal.orders()],
        "fills": [plain_record(fill) for fill in journal.fills()],
        "funding": [plain_record(payment) for payment in journal.funding_payments()],
        "trades": [trade_record(trade) for trade in journal.trades()],
        "account": account_document(journal),
        "cost": cost_document(decisions),
        "faults": fault_document(journal, listed=True),
    }


def account_document(journal: Journal) -> dict[str, Any]:
    """The account now, and whether replaying its entries from zero gives the same to the digit.

    `purses` has the money of each currency; where there is only one, it stands beside them too.
    `equal` is null where there is nothing to compare: an account that is only read is its replay.
    """
    kept, replayed = journal.kept, journal.replayed()
    purses = [_valued(journal, purse) for purse in _purses(kept or replayed)]
    return {
        **_only(purses),
        "purses": purses,
        "positions": _positions(kept or replayed),
        "replayed_from_fills": {
            "equal": None if kept is None else replayed == kept,
            "entries_count": len(journal.entries()),
            **_only(_purses(replayed)),
            "purses": _purses(replayed),
            "positions": _positions(replayed),
        },
    }


def _purses(ledger: Ledger) -> list[dict[str, Any]]:
    return [
        {
            "currency": currency,
            "capital": plain(purse.capital),
            "net_deposits": plain(purse.net_deposits),
            "cash": plain(purse.cash),
            "realised": plain(purse.realised),
            "fees": plain(purse.fees),
            "funding": plain(purse.funding),
        }
        for currency, purse in sorted(ledger.purses.items())
    ]


def _valued(journal: Journal, purse: dict[str, Any]) -> dict[str, Any]:
    points = journal.equity_points(purse["currency"])
    return {
        **purse,
        "equity": plain(points[-1].equity) if points else purse["capital"],
        "equity_at": iso(points[-1].at) if points else None,
    }


def _only(purses: list[dict[str, Any]]) -> dict[str, Any]:
    return purses[0] if len(purses) == 1 else {}


def _positions(ledger: Ledger) -> list[dict[str, Any]]:
    return [plain_record(p) for _, p in sorted(ledger.positions.items())]


def cost_document(decisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Model calls, tokens and their price; a price that is unknown stays null, never 0."""
    costs = [d["cost_usd"] for d in decisions]
    known = all(cost is not None for cost in costs)
    return {
        "model_calls": sum(d["model_calls"] for d in decisions),
        "tool_calls": sum(d["tool_calls"] for d in decisions),
        "input_tokens": sum(d["input_tokens"] for d in decisions),
        "output_tokens": sum(d["output_tokens"] for d in decisions),
        "usd": plain(sum((Decimal(c) for c in costs), Decimal(0))) if known else None,
    }


def plain_record(value: Any) -> dict[str, Any]:
    """A frozen value as JSON-able text: decimals plain, moments ISO 8601."""
    return {key: _plain(item) for key, item in asdict(value).items()}


def trade_record(trade: Any) -> dict[str, Any]:
    """A closed trade with what follows from it."""
    return {
        **plain_record(trade),
        "net": plain(trade.net),
        "r_multiple": plain(trade.r_multiple, 4),
    }


def _plain(item: Any) -> Any:
    if isinstance(item, Decimal):
        return plain(item)
    return iso(item) if isinstance(item, datetime) else item
