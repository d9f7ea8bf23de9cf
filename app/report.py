"""What a session came to: performance with its uncertainty, selectivity, denials, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.document import (
    DISCLAIMER,
    account_document,
    cost_document,
    plain_record,
)
from app.faulting import fault_document
from app.listing import closed_record
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
    outcomes = Counter(d["outcome"] for d in decisions)
    asked = len(decisions) - outcomes["quiet"]
    plans = [v for d in decisions for v in d["versions"]]
    denials = Counter(c for v in plans for c in v["verdict"]["codes"])
    sent = Counter(c for row in journal.denied_at_send() for c in row)
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
        "selectivity": {
            "decisions": len(decisions),
            "outcomes": dict(sorted(outcomes.items())),
            "hold_share": outcomes["no_trade"] / asked if asked else None,
            "woken_by": dict(
                Counter(d["woken"][0] for d in decisions if d.get("woken")).most_common()
            ),
            "plans": len(plans),
            "revisions": sum(d["revisions"] for d in decisions),
            "denials_by_code": dict(denials.most_common()),
            "denials_at_send_by_code": dict(sent.most_common()),
            "failures_by_code": dict(
                Counter(c for d in decisions if d["outcome"] == "failed" for c in d["codes"])
            ),
            "mean_confidence": _mean([float(v["draft"]["confidence"]) for v in plans]),
        },
        "cost": cost_document(decisions),
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


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
