"""What a session came to: performance with its uncertainty, selectivity, denials, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.cost import cost_report
from app.document import (
    DISCLAIMER,
    account_document,
    plain_record,
)
from app.faulting import fault_document
from app.listing import closed_record
from app.selectivity import selectivity_document
from app.trade_report import trades_summary
from domain.candles import Timeframe
from domain.clock import iso
from domain.errors import StateError
from domain.instrument import quote_of
from domain.trade import ClosedTrade
from journal.books import Journal
from journal.metrics import performance
from journal.reading import session_names
from journal.trade_facts import TradeFacts, facts_of
from traces.database import Database
from traces.place import Place
from traces.tables import METADATA


def open_journal(place: Place, session: str | None) -> tuple[Database, Journal]:
    """The journal of a session, or of the newest one.

    Raises:
        StateError: there is no database or no such session.
    """
    if isinstance(place, Path) and not place.exists():
        raise StateError(f"no database at {str(place)!r}; start with: plangate run")
    database = Database.open(place, METADATA)
    names = session_names(database)
    if not names:
        raise StateError("no session recorded yet; start with: plangate run")
    if session is None:
        session = names[-1]
    elif session not in names:
        raise StateError(f"no session {session!r}; there is {', '.join(names[-12:])}")
    return database, Journal(database, session)


def report_document(journal: Journal) -> dict[str, Any]:
    """The report as one JSON-able document; undefined figures are null.

    `purses` has what is reckoned in money, one currency each. Where there is only one currency, its
    performance, summary and curve stand beside them too, and are null otherwise.
    """
    config = journal.config()
    decisions = journal.decisions()
    trades = journal.trades()
    facts = facts_of(journal, trades)
    timeframe = Timeframe(config["timeframe"])
    points_per_year = timeframe.bars_per_year / int(config["every"])
    account = account_document(journal)
    purses = [_purse(journal, one, trades, facts, points_per_year) for one in account["purses"]]
    only = purses[0] if len(purses) == 1 else dict.fromkeys(purses[0])
    return {
        "schema": "plangate.report/1",
        "disclaimer": DISCLAIMER,
        "session": {"name": journal.session, **config},
        "performance": only["performance"],
        "account": account,
        "purses": purses,
        "trades": [
            {**closed_record(trade, of), "currency": quote_of(trade.symbol)}
            for trade, of in zip(trades, facts, strict=True)
        ],
        "trades_summary": only["trades_summary"],
        "trading_states": [plain_record(entry) for entry in journal.trading_states()],
        "equity": only["equity"],
        "selectivity": selectivity_document(decisions, journal.denied_at_send(), len(trades)),
        "cost": cost_report(journal.database, journal.session),
        "faults": fault_document(journal),
    }


def _purse(
    journal: Journal,
    account: dict[str, Any],
    trades: Sequence[ClosedTrade],
    facts: Sequence[TradeFacts],
    points_per_year: float,
) -> dict[str, Any]:
    """What came of one currency."""
    currency = account["currency"]
    points = journal.equity_points(currency)
    told = zip(trades, facts, strict=True)
    mine = [(trade, of) for trade, of in told if quote_of(trade.symbol) == currency]
    mine_trades, mine_facts = [trade for trade, _ in mine], [of for _, of in mine]
    return {
        "currency": currency,
        "account": account,
        "performance": asdict(performance(points, mine_trades, points_per_year)),
        "trades_summary": trades_summary(mine_trades, mine_facts),
        "equity": [
            {"at": iso(p.at), "equity": str(p.equity), "net_deposits": str(p.net_deposits)}
            for p in points
        ],
    }
