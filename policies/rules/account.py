"""May this account open anything more, after what it holds and what it lost?"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding
from domain.numbers import ONE, ZERO
from policies.case import Case
from policies.findings import compare


def positions_are_few(case: Case) -> Finding:
    """`MAX_OPEN_POSITIONS`: positions + working entries + this one <= max_open_positions_count (5).

    Count, over all currencies. Reason: more than can be watched, and in a crash they are one
    position. Source: freqtrade's max_open_trades.
    """
    account = case.account
    mine = len(account.positions) + len(account.working_entries)
    count = mine + account.positions_elsewhere + 1
    limit, what = case.policy.max_open_positions_count, "number of positions with this one"
    return compare("MAX_OPEN_POSITIONS", what, Decimal(count), "<=", Decimal(limit), "count")


def orders_are_few(case: Case) -> Finding:
    """`MAX_OPEN_ORDERS`: orders pending or working + this one <= max_open_orders_count, default 20.

    Count, of any kind: stops and targets too. Reason: orders that pile up are orders that nobody
    cancels. Source: EU 2017/589 (RTS 6), article 15: maximum messages.
    """
    count, limit = case.account.open_orders + 1, case.policy.max_open_orders_count
    what = "number of open orders with this one"
    return compare("MAX_OPEN_ORDERS", what, Decimal(count), "<=", Decimal(limit), "count")


def daily_loss_is_bearable(case: Case) -> Finding:
    """`DAILY_LOSS_LIMIT`: (E at midnight + net deposits - E) / E at midnight < 0.03, fraction.

    Limit: max_daily_loss_fraction. At the limit nothing is opened until the next UTC day (the
    session's state is REDUCING); exits go on. Reason: a day on which everything fails is no day to
    try on. Source: own; a rule of most trading desks.
    """
    account, limit = case.account, case.policy.max_daily_loss_fraction
    start = account.day_start_equity
    lost = start + account.net_deposits_today - account.equity
    loss = lost / start if start > ZERO else None
    what, hint = "loss since UTC midnight over equity", "nothing is opened until the next UTC day"
    return compare("DAILY_LOSS_LIMIT", what, loss, "<", limit, "fraction", hint=hint)


def drawdown_is_bearable(case: Case) -> Finding:
    """`MAX_DRAWDOWN`: 1 - E / peak < max_drawdown_fraction, fraction, default 0.10.

    At the limit nothing is opened until an operator resumes (HALTED). The peak moves only with new
    highs, deposits and withdrawals; meeting the limit does not reset it, so the halt cannot re-arm
    itself (a drawdown guard that resets its peak when it fires lets the next 10 % go too). Reason:
    a fall as deep says that the plan of plans is wrong, and only a person can judge that. Source:
    Lean's MaximumDrawdownPercentPortfolio, which re-arms itself; this one does not.
    """
    account, limit = case.account, case.policy.max_drawdown_fraction
    peak = max(account.peak_equity, account.equity)
    fall = ONE - account.equity / peak if account.peak_equity > ZERO else None
    what, hint = "fall of equity from its peak", "nothing is opened until an operator resumes"
    return compare("MAX_DRAWDOWN", what, fall, "<", limit, "fraction", hint=hint)
