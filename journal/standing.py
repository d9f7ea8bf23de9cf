"""How the account stands before the gate: equity, what is free, what is held, worked and traded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from domain.lifecycle import OrderStatus
from domain.numbers import ZERO
from domain.orders import Order
from journal.books import Journal
from policies.case import AccountFacts, Held, WorkingEntry

OPEN_ORDERS = (OrderStatus.PENDING, OrderStatus.SENDING, OrderStatus.WORKING)


def account_facts(
    journal: Journal,
    marks: Mapping[str, Decimal],
    now: datetime,
    symbol: str,
    *,
    leverage: Decimal = Decimal(1),
    exclude_run: str | None = None,
) -> AccountFacts:
    """The account at `now`, valued at `marks`.

    Free money is equity less what positions and working entries tie up: all of a spot position's
    value, and a perpetual's value over `leverage`.

    Args:
        journal: The session's record.
        marks: Newest price per held or worked symbol, in quote.
        now: The moment; the trading day began at its UTC midnight.
        symbol: The instrument under decision.
        leverage: What perpetuals may be leveraged by.
        exclude_run: The run under decision: what it committed before does not count against it,
            whether it was interrupted, stepped back, or is being sent.
    """
    ledger = journal.ledger()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    held = tuple(Held(s, p.quantity, marks[s]) for s, p in sorted(ledger.positions.items()))
    working = tuple(
        WorkingEntry(o.symbol, o.side, o.quantity * (o.price or marks[o.symbol]))
        for o in working_entries(journal)
        if o.run_id != exclude_run
    )
    kinds = journal.config()["kinds"]
    equity = ledger.equity(marks)
    tied = sum(
        (
            notional / (leverage if kinds[name] == "perpetual" else 1)
            for name, notional in [
                *((h.symbol, h.notional) for h in held),
                *((w.symbol, w.notional) for w in working),
            ]
        ),
        ZERO,
    )
    # A point of this very moment does not count: a session resumed at midnight decides as one
    # that was never stopped.
    day_start = journal.equity_before(min(midnight, now - timedelta(milliseconds=1)))
    approvals = journal.approvals_since(midnight, exclude_run)
    return AccountFacts(
        equity=equity,
        free=equity - tied,
        day_start_equity=ledger.capital if day_start is None else day_start,
        positions=held,
        working_entries=working,
        trades_today=sum(approvals.values()),
        trades_today_symbol=approvals.get(symbol, 0),
    )


def working_entries(journal: Journal) -> list[Order]:
    """Entry orders that may still fill."""
    return [o for o in journal.orders(*OPEN_ORDERS) if o.leg == "entry"]


def exposed_symbols(journal: Journal) -> set[str]:
    """Symbols that are held or have a working entry."""
    return set(journal.ledger().positions) | {o.symbol for o in working_entries(journal)}
