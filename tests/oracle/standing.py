"""Controls that need no bracket: the plan's standing, the data's age, the account's pace and state.

Each yields (code, reason) for every way in which the case violates it. A reason that begins with
`unknown` says that an input is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace

from tests.oracle.pricing import BPS, Pricing
from tests.oracle.reading import HOUR, SECOND, moment

Violation = tuple[str, str]
Violations = Iterator[Violation]


def standing_violations(case: SimpleNamespace) -> Violations:
    """Every violation that shows without a bracket."""
    for control in (
        _integrity,
        _replans,
        _evidence,
        _clock,
        _age,
        _history,
        _quote,
        _drift,
        _funding_rate,
    ):
        yield from control(case)
    for control in (_counts, _pauses, _losses, _states):
        yield from control(case)


def _integrity(case: SimpleNamespace) -> Violations:
    plan, instrument, policy = case.plan, case.instrument, case.policy
    symbol = instrument.symbol
    if symbol not in case.allowed or (policy.symbols and symbol not in policy.symbols):
        yield "UNKNOWN_SYMBOL", symbol
    if not instrument.active:
        yield "SYMBOL_NOT_TRADABLE", symbol
    if plan.side not in policy.sides or (plan.side == "short" and not instrument.perpetual):
        yield "SIDE_NOT_ALLOWED", plan.side
    if case.market.now - plan.decided_at > plan.bar:
        yield "PLAN_EXPIRED", "older than one bar"
    if plan.head_version != plan.version:
        yield "PLAN_SUPERSEDED", f"head is {plan.head_version}"
    if plan.policy_hash is not None and plan.policy_hash != case.policy_hash:
        yield "POLICY_CHANGED", plan.policy_hash


def _replans(case: SimpleNamespace) -> Violations:
    stands, account, policy = case.standing, case.account, case.policy
    own = stands is not None and stands.held > 0
    others = account.working if own else [*account.positions, *account.working]
    if any(row.symbol == case.instrument.symbol for row in others):
        yield "DUPLICATE_INTENT", "position or working entry in the symbol"
    if stands is not None and stands.replans + 1 > policy.max_replans_count:
        yield "REPLAN_LIMIT", f"{stands.replans} before"
    if own and stands.scale_ins + 1 > policy.max_scale_ins_count:
        yield "SCALE_IN_LIMIT", f"{stands.scale_ins} before"


def _evidence(case: SimpleNamespace) -> Violations:
    stands = [r for r in case.results if r.ok and r.as_of >= case.plan.decided_at]
    for cited in case.plan.evidence:
        if all(r.id != cited for r in stands):
            yield "EVIDENCE_MISSING", cited
    for tool in case.policy.required_tools:
        if all(r.tool != tool for r in stands):
            yield "EVIDENCE_MISSING", f"tool {tool}"
    for condition in case.plan.wrong_if:
        if case.readings.get(condition) is not False:
            yield "INVALIDATED", condition


def _clock(case: SimpleNamespace) -> Violations:
    market, most = case.market, case.policy.max_clock_skew_s
    stamps = [case.plan.decided_at, market.last_at, market.candle_at]
    stamps += [part.at for part in (market.book,) if part is not None]
    stamps += [part.known_at for part in (market.funding,) if part is not None]
    for at in stamps:
        if at is not None and at - market.now > most * SECOND:
            yield "CLOCK_SKEW", "data from the future"
    for name, value in (("skew", market.skew_s), ("jump", market.jump_s)):
        if value is None or abs(value) > most:
            yield "CLOCK_SKEW", f"{name} {value}"


def _age(case: SimpleNamespace) -> Violations:
    market, policy = case.market, case.policy
    book_at = market.book.at if market.book else None
    most = [
        ("quote", market.last_at, policy.max_quote_age_s * SECOND),
        ("book", book_at, policy.max_quote_age_s * SECOND),
        ("candle", market.candle_at, policy.max_candle_age_bars * case.plan.bar),
    ]
    if case.instrument.perpetual:
        known_at = market.funding.known_at if market.funding else None
        most.append(("funding", known_at, policy.max_funding_age_h * HOUR))
        if market.funding and market.funding.next_at - market.now > market.funding.interval:
            yield "STALE_DATA", "the next payment is more than an interval away"
    if market.last is None:
        yield "STALE_DATA", "no price"
        funding = market.funding
        if funding is not None and funding.next_at - market.now > funding.interval:
            yield "STALE_DATA", "the next payment is more than its interval away"
    for name, at, limit in most:
        if at is None or market.now - at > limit:
            yield "STALE_DATA", name


def _history(case: SimpleNamespace) -> Violations:
    market, policy = case.market, case.policy
    if market.history_bars < policy.min_history_bars:
        yield "VOL_UNAVAILABLE", f"{market.history_bars} bars"
    if not market.atr or market.volatility is None:
        yield "VOL_UNAVAILABLE", "unknown ATR or volatility"
    if market.gap_bars is None or market.gap_bars > policy.max_gap_bars:
        yield "DATA_GAP", f"{market.gap_bars} bars"


def _quote(case: SimpleNamespace) -> Violations:
    book, policy = case.market.book, case.policy
    if book is None or not (book.bids and book.asks):
        for code in ("BOOK_CROSSED", "SPREAD_TOO_WIDE", "DEPTH_INSUFFICIENT"):
            yield code, "unknown: the book has not two sides"
        return
    if Pricing(case).vanished:
        yield "PRECISION", "a price rounds to nothing"
    bid, ask = book.bids[0][0], book.asks[0][0]
    major = case.instrument.base in policy.majors
    widest = policy.max_spread_bps if major else policy.max_spread_minor_bps
    if bid >= ask:
        yield "BOOK_CROSSED", "bid >= ask"
    if (ask - bid) * BPS > widest * (ask + bid) / 2:
        yield "SPREAD_TOO_WIDE", f"{float((ask - bid) * BPS * 2 / (ask + bid))} bps"


def _drift(case: SimpleNamespace) -> Violations:
    market, policy, decision = case.market, case.policy, case.plan.decision_price
    book = market.book
    mid = Pricing(case).mid if book and book.bids and book.asks else None
    if decision is None or market.last is None or mid is None or market.atr is None:
        yield "DECISION_SLIPPAGE", "unknown price or ATR"
        return
    moved = max(abs(market.last - decision), abs(mid - decision))
    most = min(
        policy.max_decision_slippage_atr_ratio * market.atr,
        policy.max_decision_slippage_bps * decision / BPS,
    )
    if moved > most:
        yield "DECISION_SLIPPAGE", f"{float(moved)} > {float(most)}"


def _funding_rate(case: SimpleNamespace) -> Violations:
    if not case.instrument.perpetual:
        return
    funding = case.market.funding
    if funding is None:
        yield "FUNDING_COST_LIMIT", "unknown funding"
    elif abs(funding.rate) * 8 * HOUR > case.policy.max_funding_rate_8h_fraction * funding.interval:
        yield "FUNDING_COST_LIMIT", "rate per 8 h"


def _counts(case: SimpleNamespace) -> Violations:
    account, policy = case.account, case.policy
    held = len(account.positions) + len(account.working) + account.elsewhere
    for code, count, most in (
        ("MAX_OPEN_POSITIONS", held, policy.max_open_positions_count),
        ("MAX_OPEN_ORDERS", account.open_orders, policy.max_open_orders_count),
        ("MAX_TRADES_DAY", account.trades_today, policy.max_trades_day_count),
        ("MAX_TRADES_DAY", account.trades_today_symbol, policy.max_trades_day_symbol_count),
        ("MAX_ORDERS_MINUTE", account.orders_last_minute, policy.max_orders_minute_count),
    ):
        if count + 1 > most:
            yield code, f"{count} + 1 > {most}"
    most = policy.max_position_leverage_ratio if case.instrument.perpetual else 1
    if account.leverage > most:
        yield "LEVERAGE_LIMIT", f"{float(account.leverage)} > {float(most)}"


def _pauses(case: SimpleNamespace) -> Violations:
    policy, now, bar = case.policy, case.market.now, case.plan.bar
    for symbol, at, stopped in case.account.exits:
        bars = policy.cooldown_after_stop_bars if stopped else policy.cooldown_bars
        if symbol == case.instrument.symbol and now - at < bars * bar:
            yield "COOLDOWN", f"{float(Fraction(now - at, bar))} bars"
    stops = [at for _, at, stopped in case.account.exits if stopped]
    if not stops:
        return
    newest = max(stops)
    streak = sum(newest - at <= policy.loss_streak_window_bars * bar for at in stops)
    pausing = now - newest < policy.loss_streak_pause_bars * bar
    if streak >= policy.loss_streak_count and pausing:
        yield "LOSS_STREAK", f"{streak} stops"


def _losses(case: SimpleNamespace) -> Violations:
    account, policy = case.account, case.policy
    start, equity = account.day_start_equity, account.equity
    if start is None or start <= 0:
        yield "DAILY_LOSS_LIMIT", "unknown or no equity at the day's start"
    elif start + account.deposits - equity >= policy.max_daily_loss_fraction * start:
        yield "DAILY_LOSS_LIMIT", f"{equity} of {start}"
    peak = None if account.peak_equity is None else max(account.peak_equity, equity)
    if peak is None or account.peak_equity <= 0:
        yield "MAX_DRAWDOWN", "unknown or no peak"
    elif peak - equity >= policy.max_drawdown_fraction * peak:
        yield "MAX_DRAWDOWN", f"{equity} of {peak}"
    if case.plan.confidence < policy.min_confidence_fraction:
        yield "CONFIDENCE_LOW", str(case.plan.confidence)


def _states(case: SimpleNamespace) -> Violations:
    status, account, now = case.market.status, case.account, case.market.now
    if status in (None, "closed"):
        yield "MARKET_CLOSED", str(status)
    if status in (None, "maintenance"):
        yield "VENUE_MAINTENANCE", str(status)
    for window in case.policy.blackouts:
        start, _, end = window.partition("/")
        if moment(start) <= now < moment(end):
            yield "NEWS_BLACKOUT", window
    if account.kill_switch is not False:
        yield "KILL_SWITCH", str(account.kill_switch)
    if account.state != "active":
        yield "TRADING_HALTED", str(account.state)
    if account.reconciled is not True:
        yield "NOT_RECONCILED", str(account.reconciled)
