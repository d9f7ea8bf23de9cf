"""Controls on a bracket: levels, reward, risk, liquidity, size and exposure.

Limits on size are held against the quantity or the venue's smallest order, whichever is more.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from statistics import median
from types import SimpleNamespace
from typing import NamedTuple

from tests.oracle.pricing import Leg, Pricing, Targets

Violations = Iterator[tuple[str, str]]
CLUSTER = Fraction(7, 10)
USUAL = 20


class Placed(NamedTuple):
    """A bracket to be judged: its given levels and size, its entry by the oracle's own walk."""

    case: SimpleNamespace
    pricing: Pricing
    entry: Fraction
    stop: Fraction
    quantity: Fraction
    judged: Fraction
    legs: list[Leg]
    shares: Targets
    """Price and weight of each leg, by the plan's weights."""

    @property
    def notional(self) -> Fraction:
        return self.entry * self.judged

    @property
    def distance(self) -> Fraction:
        return abs(self.entry - self.stop)

    @property
    def risk(self) -> Fraction:
        return self.pricing.risk_per_unit(self.entry, self.stop)


def placing_violations(placed: Placed) -> Violations:
    """Every violation of this bracket."""
    for control in (_collar, _sides, _stop, _reward, _risk, _replan, _funding, _liquidation):
        yield from control(placed)
    for control in (_liquidity, _usual_size, _grid, _size, _exposure, _directed, _margin):
        yield from control(placed)


def _collar(p: Placed) -> Violations:
    market, policy, instrument = p.case.market, p.case.policy, p.case.instrument
    if market.last is None or market.last_close is None:
        yield "PRICE_COLLAR", "unknown reference"
        return
    reference = median([p.pricing.mid, market.last, market.last_close])
    price = p.entry if p.pricing.limit is None else p.pricing.limit
    most = min(policy.max_collar_fraction * reference, policy.max_collar_atr_ratio * market.atr)
    if abs(price - reference) > most:
        yield "PRICE_COLLAR", f"{float(price)} is far from {float(reference)}"
    if instrument.min_ratio is not None and price < instrument.min_ratio * reference:
        yield "PRICE_COLLAR", "below the venue's band"
    if instrument.max_ratio is not None and price > instrument.max_ratio * reference:
        yield "PRICE_COLLAR", "above the venue's band"


def _sides(p: Placed) -> Violations:
    direction = p.pricing.direction
    first = min(p.entry * direction, p.pricing.touch * direction)
    for name, price in (("stop", p.stop), ("invalidation", p.case.plan.invalidation)):
        if first - price * direction <= 0:
            yield "STOP_WRONG_SIDE", name
    for price, _ in p.pricing.targets:
        if (price - p.entry) * direction <= 0:
            yield "TARGET_WRONG_SIDE", str(price)


def _stop(p: Placed) -> Violations:
    policy, atr = p.case.policy, p.case.market.atr
    least = max(policy.min_stop_atr_ratio * atr, policy.min_stop_spread_ratio * p.pricing.spread)
    if p.distance < least:
        yield "STOP_TOO_TIGHT", f"{float(p.distance)} < {float(least)}"
    if p.distance > policy.max_stop_atr_ratio * atr:
        yield "STOP_TOO_WIDE", f"{float(p.distance / atr)} ATR"
    if p.distance > policy.max_stop_fraction * p.entry:
        yield "STOP_TOO_WIDE", f"{float(p.distance)} of {float(p.entry)}"


def _reward(p: Placed) -> Violations:
    reward = p.pricing.reward_per_unit(p.entry, p.shares)
    if reward < p.case.policy.min_reward_risk_ratio * p.risk or p.risk <= 0:
        yield "RR_BELOW_MIN", f"{float(reward)} for {float(p.risk)}"


def _risk(p: Placed) -> Violations:
    policy, market, equity = p.case.policy, p.case.market, p.case.account.equity
    share = policy.risk_per_trade_fraction
    if market.volatility > policy.volatility_target_fraction:
        share *= policy.volatility_target_fraction / market.volatility
    if p.case.plan.confidence < policy.full_size_confidence_fraction:
        share *= p.case.plan.confidence / policy.full_size_confidence_fraction
    loss = p.risk * p.judged
    if equity <= 0 or loss > share * equity:
        yield "RISK_PER_TRADE", f"{float(loss)} of {float(equity)}"
    others = [r.open_risk for r in (*p.case.account.positions, *p.case.account.working)]
    if equity <= 0 or None in others:
        yield "OPEN_RISK_LIMIT", "unknown open risk or no equity"
    elif loss + sum(others) > policy.max_open_risk_fraction * equity:
        yield "OPEN_RISK_LIMIT", f"{float(loss + sum(others))}"


def _replan(p: Placed) -> Violations:
    stands, direction = p.case.standing, p.pricing.direction
    if stands is None:
        return
    fees = p.case.instrument.fee * (stands.entry + p.stop)
    lost = (stands.entry - p.stop) * direction + fees + p.pricing.stop_slippage(p.stop)
    loss = stands.held * max(lost, Fraction(0)) + p.risk * p.judged
    if loss > stands.risk:
        yield "REPLAN_RISK_INCREASE", f"{float(loss)} of {float(stands.risk)}"
    if stands.held and (stands.stop is None or (p.stop - stands.stop) * direction < 0):
        yield "REPLAN_RISK_INCREASE", f"stop {p.stop} beyond {stands.stop}"


def _funding(p: Placed) -> Violations:
    fraction = p.pricing.funding_fraction
    most = p.case.policy.max_funding_cost_stop_fraction * p.distance
    if fraction is None or fraction * p.entry > most:
        yield "FUNDING_COST_LIMIT", "unknown" if fraction is None else f"{float(fraction)}"


def _liquidation(p: Placed) -> Violations:
    if not p.case.instrument.perpetual:
        return
    away = p.entry * (1 / p.case.account.leverage - p.case.instrument.maintenance)
    least = p.case.policy.min_liquidation_stop_ratio * p.distance + p.case.market.atr
    if away < least:
        yield "LIQUIDATION_TOO_CLOSE", f"{float(away)} < {float(least)}"


def _liquidity(p: Placed) -> Violations:
    policy = p.case.policy
    depth = p.pricing.depth()
    if p.judged > policy.max_depth_fraction * depth:
        yield "DEPTH_INSUFFICIENT", f"{float(p.judged)} of {float(depth)}"
    if p.pricing.slippage_bps(p.entry) > policy.max_entry_slippage_bps:
        yield "SLIPPAGE_LIMIT", f"{float(p.pricing.slippage_bps(p.entry))} bps"
    turnover = p.case.market.turnover
    if turnover is None or p.notional > policy.max_turnover_fraction * turnover:
        yield "FAT_FINGER", "turnover"


def _usual_size(p: Placed) -> Violations:
    usual = p.case.account.notionals
    if len(usual) < USUAL:
        return
    if p.notional > p.case.policy.max_usual_size_ratio * median(usual):
        yield "FAT_FINGER", f"{float(p.notional)} is unusual"


def _grid(p: Placed) -> Violations:
    instrument = p.case.instrument
    prices = [p.stop, *(leg.price for leg in p.legs)]
    if p.pricing.limit is not None:
        prices.append(p.pricing.limit)
    for price in prices:
        if price % instrument.tick:
            yield "PRECISION", f"price {price}"
    for quantity in (p.quantity, *(leg.quantity for leg in p.legs)):
        if quantity % instrument.step:
            yield "PRECISION", f"quantity {quantity}"


def _size(p: Placed) -> Violations:
    instrument = p.case.instrument
    for leg in p.legs:
        if leg.quantity < max(instrument.min_quantity, instrument.step):
            yield "QTY_BELOW_MIN", str(leg.quantity)
        if leg.quantity * min(p.entry, leg.price) < instrument.min_notional:
            yield "MIN_NOTIONAL", str(leg.quantity)
    if instrument.max_quantity is not None and p.judged > instrument.max_quantity:
        yield "QTY_ABOVE_MAX", str(p.judged)


def _exposure(p: Placed) -> Violations:
    account, policy, perpetual = p.case.account, p.case.policy, p.case.instrument.perpetual
    rows = [*account.positions, *account.working]
    own = [row for row in rows if row.symbol == p.case.instrument.symbol]
    leverage = policy.max_leverage_ratio if perpetual else 1
    for code, counted, most in (
        ("SYMBOL_NOTIONAL_LIMIT", own, policy.max_symbol_notional_fraction),
        ("GROSS_EXPOSURE_LIMIT", rows, policy.max_gross_exposure_fraction),
        ("LEVERAGE_LIMIT", rows, leverage),
    ):
        after = sum(abs(row.value) for row in counted) + p.notional
        if account.equity <= 0 or after > most * account.equity:
            yield code, f"{float(after)} of {float(account.equity)}"


def _directed(p: Placed) -> Violations:
    account, policy, direction = p.case.account, p.case.policy, p.pricing.direction
    correlations, symbol = p.case.market.correlations, p.case.instrument.symbol
    net = cluster = p.notional
    for row in account.positions:
        net += row.value * direction
    for row in account.working:
        net += max(Fraction(0), row.value * direction)
    rows = [(row, False) for row in account.positions] + [(row, True) for row in account.working]
    for row, works in rows:
        rho = Fraction(1) if row.symbol == symbol else correlations.get(row.symbol)
        if rho is None:
            cluster += abs(row.value)
        elif rho >= CLUSTER:
            towards = row.value * direction
            cluster += max(Fraction(0), towards) if works else towards
    for code, value, most in (
        ("NET_EXPOSURE_LIMIT", net, policy.max_net_exposure_fraction),
        ("CORRELATED_EXPOSURE", cluster, policy.max_correlated_exposure_fraction),
    ):
        if account.equity <= 0 or abs(value) > most * account.equity:
            yield code, f"{float(value)} of {float(account.equity)}"


def _margin(p: Placed) -> Violations:
    account, policy, instrument = p.case.account, p.case.policy, p.case.instrument
    if account.free is None or account.equity <= 0:
        yield "INSUFFICIENT_MARGIN", "unknown free margin or no equity"
        return
    left = account.free - p.notional * (1 / account.leverage + instrument.fee)
    if left < policy.min_free_margin_fraction * account.equity:
        yield "INSUFFICIENT_MARGIN", f"{float(left)} of {float(account.equity)}"
