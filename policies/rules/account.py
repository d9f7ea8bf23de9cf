"""May this account open anything more today, and is the plan meant seriously?"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO
from domain.verdict import Finding
from policies.case import Case
from policies.findings import compare


def positions_are_few(case: Case) -> Finding:
    """`MAX_OPEN_POSITIONS`: positions + working entries + this one <= 5 (max_open_positions_count).

    Reason: more than can be watched, and in a crash they are one position.
    """
    count = len(case.account.positions) + len(case.account.working_entries) + 1
    limit, what = case.policy.max_open_positions_count, "number of positions with this one"
    return compare("MAX_OPEN_POSITIONS", what, Decimal(count), "<=", Decimal(limit), "count")


def trades_of_the_day_are_few(case: Case) -> Finding:
    """`MAX_TRADES_DAY`: entries approved since UTC midnight + this one <= 10, count.

    Limit: max_trades_day_count. Reason: a planner that loops must run out of trades, not of money.
    """
    count, limit = case.account.trades_today + 1, case.policy.max_trades_day_count
    what = "number of entries today with this one"
    return compare("MAX_TRADES_DAY", what, Decimal(count), "<=", Decimal(limit), "count")


def trades_of_the_symbol_are_few(case: Case) -> Finding:
    """`MAX_TRADES_DAY`: the same in this symbol <= max_trades_day_symbol_count (3).

    Reason: the fourth entry of a day in one market is an argument with it.
    """
    count, limit = case.account.trades_today_symbol + 1, case.policy.max_trades_day_symbol_count
    what = "number of entries today in this symbol with this one"
    return compare("MAX_TRADES_DAY", what, Decimal(count), "<=", Decimal(limit), "count")


def daily_loss_is_bearable(case: Case) -> Finding:
    """`DAILY_LOSS_LIMIT`: (equity at midnight - equity) / equity at midnight < 0.03, fraction.

    Limit: max_daily_loss_fraction. At the limit nothing is opened until the next UTC day; exits
    go on.
    """
    start, limit = case.account.day_start_equity, case.policy.max_daily_loss_fraction
    loss = (start - case.account.equity) / start if start > ZERO else None
    what, hint = "loss since UTC midnight over equity", "nothing is opened until the next UTC day"
    return compare("DAILY_LOSS_LIMIT", what, loss, "<", limit, "fraction", hint=hint)


def confidence_is_sufficient(case: Case) -> Finding:
    """`CONFIDENCE_LOW`: the plan's confidence >= min_confidence_fraction, fraction, default 0.6.

    It can only block. A model's certainty is no reason to bet more.
    """
    confidence, limit = case.draft.confidence, case.policy.min_confidence_fraction
    return compare("CONFIDENCE_LOW", "confidence", confidence, ">=", limit, "fraction")
