"""Paying in and taking out: the word is kept, and the session's own process carries it out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.capital import UNNAMED, read_money
from app.clock import SystemClock
from app.lease import is_held
from domain.clock import iso
from domain.errors import ConfigError
from domain.numbers import plain
from journal.books import Journal
from journal.operator import record_act


def order_transfer(journal: Journal, text: str, reason: str, *, out: bool) -> dict[str, Any]:
    """Keep the word, and say what it will do.

    Raises:
        ConfigError: no amount, or no money of the session; or more is to be taken out than it has.
    """
    amount, named = read_money("AMOUNT", text)
    purses = journal.ledger().purses
    currency = named if named != UNNAMED or len(purses) > 1 else next(iter(purses))
    if currency not in purses:
        raise ConfigError(
            f"AMOUNT {text!r} was expected to name a currency of session {journal.session!r}, "
            f"such as {' or '.join(plain(amount) + name for name in sorted(purses))}"
        )
    points = journal.equity_points(currency)
    worth = points[-1].equity if points else purses[currency].cash
    if out and amount > worth:
        raise ConfigError(
            f"{text} cannot be taken out of session {journal.session!r}: it was worth "
            f"{plain(worth, 8)} {currency} when it was valued last"
        )
    at = SystemClock().now()
    money = currency, -amount if out else amount
    record_act(journal.database, journal.session, "deposit", reason, at, money=money)
    return _document(journal, money, reason, at)


def _document(
    journal: Journal, money: tuple[str, Decimal], reason: str, at: datetime
) -> dict[str, Any]:
    currency, amount = money
    return {
        "schema": "plangate.deposit/1",
        "session": journal.session,
        "currency": currency,
        "amount": plain(amount),
        "reason": reason,
        "at": iso(at),
        "running": is_held(journal.database.home, journal.session),
    }
