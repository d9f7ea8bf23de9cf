"""Is holding a perpetual affordable? Spot passes: it pays no funding."""

from __future__ import annotations

from domain.finding import Finding, Stated
from domain.numbers import ZERO
from domain.verdict import Bracket
from policies.case import Case
from policies.costs import funding_fraction
from policies.findings import compare, unknown

_SPOT = "Spot pays no funding."
CODE = "FUNDING_COST_LIMIT"


def funding_rate_is_bearable(case: Case) -> Finding:
    """`FUNDING_COST_LIMIT`: |rate| per 8 h <= max_funding_rate_8h_fraction, default 0.003.

    Either sign: such a rate says that one side is crowded, and it turns when that side runs.
    Reason: an extreme rate says that one side is crowded. Source: own.
    """
    limit, what = case.policy.max_funding_rate_8h_fraction, "funding rate per 8 h"
    if case.spot:
        return Stated(CODE, True, "none", "", _SPOT)
    funding = case.market.funding
    rate = None if funding is None else abs(funding.rate_fraction) * 8 / funding.interval_hours
    return compare(CODE, what, rate, "<=", limit, "fraction")


def funding_cost_is_bearable(case: Case, bracket: Bracket) -> Finding:
    """`FUNDING_COST_LIMIT`: F <= max_funding_cost_stop_fraction (0.25) x stop distance, fraction.

    F is what will be paid per unit until the horizon ends. Reason: a plan that pays a quarter of
    its risk for waiting is a plan with too long a horizon. Source: own.
    """
    limit = case.policy.max_funding_cost_stop_fraction
    if case.spot:
        return Stated(CODE, True, "none", "", _SPOT)
    distance = (bracket.entry_price - bracket.stop_price) * case.direction
    what = "expected funding as a share of the stop distance"
    if case.market.funding is None or not distance > ZERO:
        return unknown(CODE, what, "<=", limit, "fraction")
    share = funding_fraction(case) * bracket.entry_price / distance
    return compare(CODE, what, share, "<=", limit, "fraction")
