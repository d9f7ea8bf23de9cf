"""How much would be held afterwards, in this symbol and in all? Working entries count in full."""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO
from domain.verdict import Bracket, Finding
from policies.case import Case
from policies.findings import compare
from policies.sizing import leverage_limit


def symbol_notional_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`SYMBOL_NOTIONAL_LIMIT`: value held in the symbol / equity <= max_symbol_notional_fraction.

    Fraction, default 0.25. Reason: a stop does not hold through a gap; this bounds what a gap
    takes.
    """
    held = case.account.symbol_notional(case.instrument.symbol)
    limit, what = case.policy.max_symbol_notional_fraction, "value in this symbol over equity"
    share = _over_equity(case, held + bracket.notional)
    return compare("SYMBOL_NOTIONAL_LIMIT", what, share, "<=", limit, "fraction")


def gross_exposure_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`GROSS_EXPOSURE_LIMIT`: sum of |value| / equity <= max_gross_exposure_fraction, default 1.5.

    Source: cumulative notional check of Nautilus Trader's risk engine.
    """
    limit, what = case.policy.max_gross_exposure_fraction, "gross exposure over equity"
    share = _over_equity(case, case.account.gross_notional + bracket.notional)
    return compare("GROSS_EXPOSURE_LIMIT", what, share, "<=", limit, "fraction")


def leverage_is_within_limit(case: Case, bracket: Bracket) -> Finding:
    """`LEVERAGE_LIMIT`: gross value / equity <= max_leverage_ratio (2, ceiling 5), ratio; spot 1.

    Above it the plan is denied; leverage is never cut down silently.
    """
    limit = leverage_limit(case)
    ratio = _over_equity(case, case.account.gross_notional + bracket.notional)
    return compare("LEVERAGE_LIMIT", "leverage", ratio, "<=", limit, "ratio")


def _over_equity(case: Case, notional: Decimal) -> Decimal | None:
    equity = case.account.equity
    return notional / equity if equity > ZERO else None
