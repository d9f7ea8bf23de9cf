"""Is this account trading too fast, or again too soon? Bars are of the decision timeframe."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.finding import Finding, Stated
from policies.case import Case
from policies.findings import compare
from policies.rules.clock import seconds


def trades_of_the_day_are_few(case: Case) -> Finding:
    """`MAX_TRADES_DAY`: entries approved since UTC midnight + this one <= 10, count.

    Limit: max_trades_day_count. Reason: a planner that loops must run out of trades, not of money.
    Source: own.
    """
    count, limit = case.account.trades_today + 1, case.policy.max_trades_day_count
    what = "number of entries today with this one"
    return compare("MAX_TRADES_DAY", what, Decimal(count), "<=", Decimal(limit), "count")


def trades_of_the_symbol_are_few(case: Case) -> Finding:
    """`MAX_TRADES_DAY`: the same in this symbol <= max_trades_day_symbol_count (3), count.

    Reason: the fourth entry of a day in one market is an argument with it. Source: own.
    """
    count, limit = case.account.trades_today_symbol + 1, case.policy.max_trades_day_symbol_count
    what = "number of entries today in this symbol with this one"
    return compare("MAX_TRADES_DAY", what, Decimal(count), "<=", Decimal(limit), "count")


def orders_of_the_minute_are_few(case: Case) -> Finding:
    """`MAX_ORDERS_MINUTE`: orders made within 60 s + this one <= max_orders_minute_count (10).

    Count, of any kind. Reason: a loop that sends is noticed within a minute, not at the end of the
    day. Source: EU 2017/589 (RTS 6), article 15: maximum messages; SEC 34-70694 (Knight Capital).
    """
    count, limit = case.account.orders_last_minute + 1, case.policy.max_orders_minute_count
    what = "number of orders within a minute with this one"
    return compare("MAX_ORDERS_MINUTE", what, Decimal(count), "<=", Decimal(limit), "count")


def symbol_has_cooled_down(case: Case) -> Finding:
    """`COOLDOWN`: bars since the symbol's last exit >= cooldown_bars (2), in bars.

    After a stop >= cooldown_after_stop_bars (5). Reason: the loss that hurts is followed by the
    plan that wants it back.

    Source: the pattern of freqtrade's CooldownPeriod.
    """
    policy, symbol, worst = case.policy, case.instrument.symbol, None
    for done in case.account.recent_exits:
        if done.symbol != symbol:
            continue
        need = policy.cooldown_after_stop_bars if done.stopped else policy.cooldown_bars
        bars = _bars_since(case, done.at)
        if worst is None or bars - need < worst[0] - worst[1]:
            worst = bars, Decimal(need)
    if worst is None:
        sentence = f"{case.instrument.symbol} was not closed lately."
        return Stated("COOLDOWN", True, "none", "", sentence)
    what = "number of bars since the exit in this symbol that asks for the longest wait"
    return compare("COOLDOWN", what, worst[0], ">=", worst[1], "count")


def stops_are_no_streak(case: Case) -> Finding:
    """`LOSS_STREAK`: after 4 stops within 24 bars, bars since the last one >= 4; all symbols.

    Limits: loss_streak_count, loss_streak_window_bars (counted back from the newest stop),
    loss_streak_pause_bars. Reason: the market has changed and the planner has not noticed.

    Source: the pattern of freqtrade's StoplossGuard.
    """
    policy = case.policy
    stops = [done.at for done in case.account.recent_exits if done.stopped]
    newest, reach = max(stops, default=case.market.now), policy.loss_streak_window_bars
    count = sum(1 for at in stops if newest - at <= reach * case.timeframe.delta)
    pause = Decimal(policy.loss_streak_pause_bars)
    if count >= policy.loss_streak_count:
        what = f"number of bars since the last of {count} stops"
        return compare("LOSS_STREAK", what, _bars_since(case, newest), ">=", pause, "count")
    limit, what = Decimal(policy.loss_streak_count), f"number of stops within {reach} bars"
    return compare("LOSS_STREAK", what, Decimal(count), "<", limit, "count")


def _bars_since(case: Case, at: datetime) -> Decimal:
    return seconds(at, case.market.now) / case.timeframe.seconds
