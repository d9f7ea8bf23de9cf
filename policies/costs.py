"""What a trade costs per unit, and what it promises per unit of risk, all costs included.

With entry e, stop s, targets t of weight w, distance d = |e - s|, fee f per side, stop slippage g
and funding F, all in quote per base unit::

    risk        = d + f·e + f·s + g + F
    reward/risk = (Σ w·|t - e| - f·e - f·Σ w·t - F) / risk

The entry is the executable one, never inferred from stop and target: a gate that infers it measures
its own assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.numbers import BPS, ONE, ZERO, ceil_to_tick, floor_to_tick
from policies.case import Case, known


class Share(NamedTuple):
    """One take-profit as a share of the position."""

    price: Decimal
    """In quote, on the tick."""
    weight: Decimal
    """Share of the position; the weights of all sum to 1."""


def close_at(case: Case) -> datetime:
    """When the plan's horizon ends."""
    return case.decided_at + case.draft.horizon_bars * case.timeframe.delta


def stop_slippage(case: Case, stop_price: Decimal) -> Decimal:
    """Assumed adverse slippage when the stop fires, in quote per unit.

    max(`min_stop_slippage_bps` of the stop price, `stop_slippage_atr_ratio` x ATR14): a stop takes
    whatever price is there, and volatility is when it fires.
    """
    atr = known(case.market.atr) or ZERO
    least = abs(stop_price) * case.policy.min_stop_slippage_bps / BPS
    return max(least, atr * case.policy.stop_slippage_atr_ratio)


def funding_per_unit(case: Case, entry_price: Decimal) -> Decimal:
    """Funding expected to be paid per base unit until the horizon ends, in quote; never negative.

    Latest rate x entry price x payments due. A credit counts as 0: it may be gone tomorrow, and it
    must not pay for a worse plan.
    """
    funding = case.market.funding
    if case.instrument.kind == "spot" or funding is None:
        return ZERO
    due = _payments_until(case, close_at(case)) - _payments_until(case, case.market.now)
    return max(ZERO, funding.rate_fraction * case.direction * entry_price * due)


def risk_per_unit(case: Case, entry_price: Decimal, stop_price: Decimal) -> Decimal:
    """Loss per base unit when the stop fires, in quote: distance, both fees, slippage, funding."""
    fees = case.instrument.taker_fee_fraction * (entry_price + stop_price)
    distance = (entry_price - stop_price) * case.direction
    slippage = stop_slippage(case, stop_price)
    return distance + fees + slippage + funding_per_unit(case, entry_price)


def reward_risk(
    case: Case, entry_price: Decimal, risk: Decimal, targets: Sequence[Share]
) -> Decimal:
    """Net reward over net risk; `risk` is `risk_per_unit` (> 0)."""
    fee = case.instrument.taker_fee_fraction
    gain = sum((t.weight * (t.price - entry_price) * case.direction for t in targets), ZERO)
    exit_fee = fee * sum((t.weight * t.price for t in targets), ZERO)
    return (gain - fee * entry_price - exit_fee - funding_per_unit(case, entry_price)) / risk


def nearest_target(case: Case, entry_price: Decimal, risk: Decimal) -> Decimal | None:
    """The nearest price on the tick at which one target for the whole position passes.

    The reward/risk formula solved for t, rounded to the tick away from the entry. None when a short
    would need a price at or below 0.
    """
    fee, tick, least = (
        case.instrument.taker_fee_fraction,
        case.instrument.price_tick,
        case.policy.min_reward_risk_ratio,
    )
    wanted = least * risk + fee * entry_price + funding_per_unit(case, entry_price)
    exact = (wanted + case.direction * entry_price) / (case.direction - fee)
    round_away = ceil_to_tick if case.draft.side == "long" else floor_to_tick
    first = round_away(exact, tick)
    # The division may round by one unit in its 28th digit: then the next tick is the answer.
    for price in (first, first + case.direction * tick):
        if price > ZERO and reward_risk(case, entry_price, risk, [Share(price, ONE)]) >= least:
            return price
    return None


def _payments_until(case: Case, at: datetime) -> int:
    """Payments that fall due from the next known one up to `at`, inclusive."""
    funding = case.market.funding
    if funding is None or at < funding.next_at:
        return 0
    return (at - funding.next_at) // timedelta(hours=funding.interval_hours) + 1
