"""What the session has behind it, as the model reads it."""

from __future__ import annotations

from agent.sections import Section
from agent.tables import ABSENT, cells, lines, number
from domain.clock import iso
from domain.trade import ClosedTrade
from journal.memory import TradingMemory
from policies.facts import AccountFacts
from policies.settings import Policy

_DIGITS = 3


def memory_section(memory: TradingMemory | None, account: AccountFacts, policy: Policy) -> Section:
    """Length, pace against its limits, success with its error, the newest trades."""
    if memory is None:
        return Section("memory", ())
    of = memory.performance
    since = "now" if memory.since is None else iso(memory.since)
    error = number(of.sharpe_standard_error, _DIGITS)
    said = (
        f"Since {since}: {memory.decisions_count} decisions; entries today "
        f"{account.trades_today} of {policy.max_trades_day_count}, in this instrument "
        f"{account.trades_today_symbol} of {policy.max_trades_day_symbol_count}",
        f"Closed trades {of.trades_count}: won {number(of.win_fraction, _DIGITS)}, mean "
        f"{number(of.mean_r, _DIGITS)} R, best {number(of.best_r, _DIGITS)} R, worst "
        f"{number(of.worst_r, _DIGITS)} R; Sharpe of {of.returns_count} daily returns "
        f"{number(of.sharpe_ratio, _DIGITS)} ± {error}",
    )
    return Section("memory", (*said, *_newest(memory.newest)))


def _newest(trades: tuple[ClosedTrade, ...]) -> tuple[str, ...]:
    """The newest first, under a head."""
    rows = [
        (iso(t.closed_at), t.symbol, t.side, _r(t), t.close_reason.replace("_", " "))
        for t in reversed(trades)
    ]
    return (cells(("closed at", "symbol", "side", "R", "by")), *lines(rows)) if rows else ()


def _r(trade: ClosedTrade) -> str:
    return number(float(trade.r_multiple), _DIGITS) if trade.risk_amount > 0 else ABSENT
