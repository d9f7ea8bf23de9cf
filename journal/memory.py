"""What a session has to look back on when it decides: how long, how often, with what success."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.instrument import quote_of
from domain.trade import ClosedTrade
from journal.metrics import Performance, performance
from journal.recent import RecentReader

NEWEST_COUNT = 5
"""Closed trades that are shown one by one."""
_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class TradingMemory:
    """A session so far, in the currency of one instrument."""

    since: datetime | None
    """Its first recorded value; None before the first decision has ended."""
    decisions_count: int
    performance: Performance
    """Of daily values and of the closed trades in this currency."""
    newest: tuple[ClosedTrade, ...]
    """The newest of those, oldest first."""


def trading_memory(journal: RecentReader, symbol: str) -> TradingMemory:
    """What there is to remember before a decision on `symbol`."""
    currency = quote_of(symbol)
    days = journal.daily_equity(currency)
    trades = [trade for trade in journal.trades() if quote_of(trade.symbol) == currency]
    return TradingMemory(
        since=days[0].at if days else None,
        decisions_count=journal.decisions_count(),
        performance=performance(days, trades, _DAYS_PER_YEAR),
        newest=tuple(trades[-NEWEST_COUNT:]),
    )
