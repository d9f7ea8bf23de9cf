"""One review with the full rule set, against a plain function with the same arithmetic.

The plain function sizes and judges the same plan with the same `Decimal` arithmetic, answers yes or
no, and says nothing else: no findings, no numbers kept, no guard around a broken rule. The ratio is
what the findings cost. CPU time of this thread, so that a busy machine shows less.

Aim: p50 at most 100 us on a 2-core machine. Run: python benchmarks/bench_gate.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from domain.book import Level, OrderBook
from domain.lifecycle import TradingState
from domain.numbers import ceil_to_tick, floor_to_step, floor_to_tick
from policies.case import Case
from policies.document import verdict_document
from policies.gate import review
from policies.nearest import advised
from policies.probes import target
from policies.rulebook import RULES
from policies.settings import Policy
from policies.specimen import MID, NOW, draft, specimen

ROUNDS = 3_000
D = Decimal


def main() -> None:
    """Print the table."""
    case = _case()
    assert review(case).approved is _plain(case) is True
    far = draft(case, confidence=D("0.1"))
    assert review(far).approved is _plain(far) is False
    print(f"{len(RULES)} rules, five book levels, sized by the executor; us of CPU time\n")
    rows = {
        "plain function, yes or no": lambda: _plain(case),
        "review, approved": lambda: review(case),
        "review, denied": lambda: review(far),
    }
    times = _measured(rows)
    base = times["plain function, yes or no"][0]
    for name, (p50, p99) in times.items():
        print(f"{name:<28} p50 {p50:7.1f}  p99 {p99:7.1f}  {p50 / base:5.2f}x")
    poor = target(case, D(150))
    costly = {
        "  and every finding in words": lambda: verdict_document(review(case)),
        "  and the nearest plan": lambda: advised(poor, review(poor)),
    }
    for name, (p50, p99) in _measured(costly, ROUNDS // 40).items():
        print(f"{name:<28} p50 {p50:7.1f}  p99 {p99:7.1f}  {p50 / base:5.2f}x")


def _measured(
    rows: dict[str, Callable[[], object]], rounds: int = ROUNDS
) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile in us; the rows take turns."""
    taken: dict[str, list[int]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, action in rows.items():
            begun = time.thread_time_ns()
            action()
            taken[name].append(time.thread_time_ns() - begun)
    out = {}
    for name, values in taken.items():
        values.sort()
        out[name] = values[len(values) // 2] / 1000, values[len(values) * 99 // 100] / 1000
    return out


def _case() -> Case:
    levels = [(D(f"{n}.01"), D("0.8")) for n in range(5)]
    book = OrderBook(
        at=NOW,
        origin="venue",
        bids=tuple(Level(MID - away, quantity) for away, quantity in levels),
        asks=tuple(Level(MID + away, quantity) for away, quantity in levels),
    )
    base = specimen(Policy())
    account = replace(base.account, equity=D(20_000), free=D(20_000))
    account = replace(account, day_start_equity=D(20_000), peak_equity=D(20_000))
    seen = replace(base.market, book=book, realised_volatility=D("0.3"))
    return target(replace(base, account=account, market=seen, quantity=None), D(400))


def _plain(case: Case) -> bool:  # noqa: C901  # one function is the point
    policy, market, account = case.policy, case.market, case.account
    plan, instrument, book = case.draft, case.instrument, case.market.book
    equity, atr, last, close = account.equity, market.atr, market.last, market.last_close
    volatility, turnover, paid = market.realised_volatility, market.turnover_24h, market.funding
    if book is None or atr is None or last is None or close is None or paid is None:
        return False
    if volatility is None or turnover is None or market.candle_known_at is None:
        return False
    if market.last_at is None or market.clock_skew_s is None or market.clock_jump_s is None:
        return False
    now, sign, fee = (
        market.now,
        D(1) if plan.side == "long" else D(-1),
        instrument.taker_fee_fraction,
    )
    levels = book.asks if plan.side == "long" else book.bids
    bid, ask, touch = book.bids[0].price, book.asks[0].price, levels[0].price
    mid, spread = (bid + ask) / 2, ask - bid
    away = max(
        (touch - plan.invalidation) * sign,
        policy.min_stop_atr_ratio * atr,
        policy.min_stop_spread_ratio * spread,
    )
    down = floor_to_tick if sign > 0 else ceil_to_tick
    up = ceil_to_tick if sign > 0 else floor_to_tick
    stop = down(touch - sign * away, instrument.price_tick)
    slip = max(
        abs(stop) * policy.min_stop_slippage_bps / 10_000, atr * policy.stop_slippage_atr_ratio
    )
    hours = plan.horizon_bars * case.timeframe.seconds / 3600
    due = int(hours // paid.interval_hours)
    carry = max(D(0), paid.rate_fraction * sign) * due
    slope, base = sign + fee + carry, (fee - sign) * stop + slip
    goal = down(plan.targets[0].price, instrument.price_tick)
    least = policy.min_reward_risk_ratio
    reference = sorted((mid, last, close))[1]
    collar = min(policy.max_collar_fraction, policy.max_collar_atr_ratio * atr / reference)
    room = D(1) / account.leverage_ratio - instrument.maintenance_margin_fraction
    worst = min(
        mid * (1 + policy.max_entry_slippage_bps / 10_000),
        stop / (1 - policy.max_stop_fraction),
        goal,
        ((sign - fee) * goal - least * base) / ((1 + least) * slope),
        stop + policy.max_stop_atr_ratio * atr,
        (policy.min_liquidation_stop_ratio * stop - atr)
        / (policy.min_liquidation_stop_ratio - room),
        reference * (1 + collar),
    )
    budget = policy.risk_per_trade_fraction * min(
        D(1), policy.volatility_target_fraction / volatility
    )
    budget *= min(D(1), plan.confidence / policy.full_size_confidence_fraction)
    at_risk = sum((p.open_risk or D(0) for p in account.positions), D(0))
    gross = sum((abs(p.quantity * p.mark) for p in account.positions), D(0))
    margin = D(1) / account.leverage_ratio + fee
    reach = mid * 20 / 10_000
    depth = min(
        sum((q for p, q in book.bids if mid - p <= reach), D(0)),
        sum((q for p, q in book.asks if p - mid <= reach), D(0)),
    )
    quantity = depth * policy.max_depth_fraction
    for quote, unit, left in (
        (slope, base, equity * budget),
        (slope, base, equity * policy.max_open_risk_fraction - at_risk),
        (D(1), D(0), equity * policy.max_symbol_notional_fraction),
        (D(1), D(0), equity * policy.max_gross_exposure_fraction - gross),
        (D(1), D(0), equity * policy.max_net_exposure_fraction - gross),
        (D(1), D(0), equity * policy.max_correlated_exposure_fraction - gross),
        (D(1), D(0), equity * policy.max_leverage_ratio - gross),
        (D(1), D(0), turnover * policy.max_turnover_fraction),
        (margin, D(0), account.free - equity * policy.min_free_margin_fraction),
        (sign, -sign * worst, D(0)),
    ):
        most = D(0)
        for price, size in levels:
            rise = quote * price + unit
            if rise * size > left:
                most += left / rise
                break
            most += size
            left -= rise * size
        quantity = min(quantity, most)
    quantity = floor_to_step(quantity, instrument.quantity_step)
    smallest = max(
        instrument.min_quantity,
        up(instrument.min_notional / min(touch, goal), instrument.quantity_step),
    )
    left, cost = max(quantity, smallest), D(0)
    for price, size in levels:
        cost += min(left, size) * price
        left -= min(left, size)
        if not left:
            break
    entry = cost / max(quantity, smallest)
    risk, worth = slope * entry + base, entry * quantity
    distance = (entry - stop) * sign
    ages = [(now - at).total_seconds() for at in (market.last_at, book.at, market.candle_known_at)]
    return bool(
        all(
            p.is_finite() and 0 < p < D("1e12")
            for p in (case.decision_price, plan.invalidation, goal)
        )
        and all(m.is_finite() for m in (equity, account.free, account.peak_equity))
        and instrument.symbol in case.allowed_symbols
        and instrument.active
        and plan.side in policy.sides
        and not any(p.symbol == instrument.symbol for p in account.positions)
        and not account.recent_drafts
        and (now - case.decided_at).total_seconds() <= case.timeframe.seconds
        and case.head_version == case.version
        and case.plan_policy_hash == policy.policy_hash
        and not plan.evidence
        and not policy.required_tools
        and min(ages) >= -float(policy.max_clock_skew_s)
        and abs(market.clock_skew_s) <= policy.max_clock_skew_s
        and abs(market.clock_jump_s) <= policy.max_clock_skew_s
        and ages[0] <= policy.max_quote_age_s
        and ages[1] <= policy.max_quote_age_s
        and ages[2] <= policy.max_candle_age_bars * case.timeframe.seconds
        and (now - paid.known_at).total_seconds() <= policy.max_funding_age_h * 3600
        and market.history_bars >= policy.min_history_bars
        and market.gap_bars == 0
        and bid < ask
        and spread / mid * 10_000 <= policy.max_spread_bps
        and max(abs(last - case.decision_price), abs(mid - case.decision_price))
        <= min(
            atr * policy.max_decision_slippage_atr_ratio,
            case.decision_price * policy.max_decision_slippage_bps / 10_000,
        )
        and abs(entry / reference - 1) <= collar
        and (entry - plan.invalidation) * sign > 0
        and (goal - entry) * sign > 0
        and distance >= policy.min_stop_atr_ratio * atr
        and distance / atr <= policy.max_stop_atr_ratio
        and distance / entry <= policy.max_stop_fraction
        and ((sign - fee) * goal - slope * entry) / risk >= least
        and quantity * risk / equity <= budget
        and (at_risk + quantity * risk) / equity <= policy.max_open_risk_fraction
        and abs(paid.rate_fraction) * 8 / paid.interval_hours <= policy.max_funding_rate_8h_fraction
        and carry * entry / distance <= policy.max_funding_cost_stop_fraction
        and entry * room >= policy.min_liquidation_stop_ratio * distance + atr
        and quantity / depth <= policy.max_depth_fraction
        and (entry / mid - 1) * sign * 10_000 <= policy.max_entry_slippage_bps
        and worth / turnover <= policy.max_turnover_fraction
        and len(account.recent_notionals) < 20
        and stop % instrument.price_tick == 0
        and quantity % instrument.quantity_step == 0
        and quantity >= instrument.min_quantity
        and quantity * min(entry, goal) >= instrument.min_notional
        and worth / equity <= policy.max_symbol_notional_fraction
        and (gross + worth) / equity <= policy.max_gross_exposure_fraction
        and (gross + worth) / equity <= policy.max_net_exposure_fraction
        and (gross + worth) / equity <= policy.max_correlated_exposure_fraction
        and (gross + worth) / equity <= policy.max_leverage_ratio
        and account.leverage_ratio <= policy.max_position_leverage_ratio
        and (account.free - worth * margin) / equity >= policy.min_free_margin_fraction
        and len(account.positions) + len(account.working_entries) < policy.max_open_positions_count
        and account.open_orders < policy.max_open_orders_count
        and account.trades_today < policy.max_trades_day_count
        and account.trades_today_symbol < policy.max_trades_day_symbol_count
        and account.orders_last_minute < policy.max_orders_minute_count
        and not account.recent_exits
        and (account.day_start_equity - equity) / account.day_start_equity
        < policy.max_daily_loss_fraction
        and 1 - equity / account.peak_equity < policy.max_drawdown_fraction
        and plan.confidence >= policy.min_confidence_fraction
        and market.venue_status == "open"
        and not policy.blackouts
        and account.kill_switch is False
        and account.trading_state is TradingState.ACTIVE
        and account.reconciled is True
    )


if __name__ == "__main__":
    main()
