"""How much would be held afterwards, in this symbol, in all, one way, and with what moves along?

Positions and working entries count in full, see `policies.exposure`.
"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding
from domain.numbers import ONE, ZERO
from domain.verdict import Bracket
from policies.case import Case
from policies.exposure import correlated_exposure, net_exposure
from policies.findings import compare
from policies.sizing import leverage_limit


def symbol_notional_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`SYMBOL_NOTIONAL_LIMIT`: value held in the symbol / equity <= max_symbol_notional_fraction.

    Fraction, default 0.25. Reason: a stop does not hold through a gap; this bounds what a gap
    takes. Source: SEC Rule 15c3-5 (market access): capital thresholds.
    """
    held = case.account.gross_of(case.instrument.symbol) + bracket.judged_notional
    limit, what = case.policy.max_symbol_notional_fraction, "value in this symbol over equity"
    return compare("SYMBOL_NOTIONAL_LIMIT", what, _over_equity(case, held), "<=", limit, "fraction")


def gross_exposure_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`GROSS_EXPOSURE_LIMIT`: sum of |value| / equity <= max_gross_exposure_fraction, default 1.5.

    Source: cumulative notional check of Nautilus Trader's risk engine. Reason: leverage is bounded
    as a whole, not order by order.
    """
    limit, what = case.policy.max_gross_exposure_fraction, "gross exposure over equity"
    share = _over_equity(case, case.account.gross + bracket.judged_notional)
    return compare("GROSS_EXPOSURE_LIMIT", what, share, "<=", limit, "fraction")


def net_exposure_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`NET_EXPOSURE_LIMIT`: |long - short| / equity <= max_net_exposure_fraction, default 1.0.

    Working entries on the other side do not relieve: they may not fill. Reason: what all points
    one way is one bet, however many symbols it has. Source: own.
    """
    limit, what = case.policy.max_net_exposure_fraction, "net exposure over equity"
    share = _over_equity(case, abs(net_exposure(case) + bracket.judged_notional))
    return compare("NET_EXPOSURE_LIMIT", what, share, "<=", limit, "fraction")


def correlated_exposure_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`CORRELATED_EXPOSURE`: |long - short| among what moves along / equity <= 0.5, fraction.

    Limit: max_correlated_exposure_fraction. The cluster: symbols whose 4 h returns of 30 days
    correlate with the plan's at 0.7 or more. An unknown correlation counts as 1 and adds, whatever
    its side: what is not known relieves nothing. Reason: five coins that move as one are one
    position. Source: own; unknown correlation counts as 1.
    """
    limit, what = case.policy.max_correlated_exposure_fraction, "correlated exposure over equity"
    share = _over_equity(case, abs(correlated_exposure(case) + bracket.judged_notional))
    return compare("CORRELATED_EXPOSURE", what, share, "<=", limit, "fraction")


def leverage_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`LEVERAGE_LIMIT`: gross value / equity <= max_leverage_ratio (2, ceiling 5), ratio; spot 1.

    Above it the plan is denied; leverage is never cut down silently. Reason: leverage turns a bad
    day into the last one. Source: own; nofx starts at 10.
    """
    ratio = _over_equity(case, case.account.gross + bracket.judged_notional)
    return compare("LEVERAGE_LIMIT", "leverage", ratio, "<=", leverage_limit(case), "ratio")


def position_leverage_is_within_limit(case: Case) -> Finding:
    """`LEVERAGE_LIMIT`: the account's leverage in the instrument <= max_position_leverage_ratio.

    Ratio, default 3 (ceiling 5); spot 1. A paper account obeys it by construction; a venue may be
    set otherwise. Reason: it decides where the venue liquidates. Source: own.
    """
    limit = ONE if case.spot else case.policy.max_position_leverage_ratio
    what, ratio = "leverage of the position's margin", case.account.leverage_ratio
    return compare("LEVERAGE_LIMIT", what, ratio, "<=", limit, "ratio")


def free_margin_is_left(case: Case, bracket: Bracket) -> Finding:
    """`INSUFFICIENT_MARGIN`: (free - value / leverage - fee) / equity >= min_free_margin_fraction.

    Fraction, default 0.2. Reason: what is not free cannot meet a loss or a funding payment.
    Source: SEC Rule 15c3-5 (market access): credit thresholds.
    """
    account = case.account
    per_quote = ONE / account.leverage_ratio + case.instrument.taker_fee_fraction
    left = _over_equity(case, account.free - bracket.judged_notional * per_quote)
    limit, what = case.policy.min_free_margin_fraction, "free margin after the order over equity"
    return compare("INSUFFICIENT_MARGIN", what, left, ">=", limit, "fraction")


def _over_equity(case: Case, notional: Decimal) -> Decimal | None:
    equity = case.account.equity
    return notional / equity if equity > ZERO else None
