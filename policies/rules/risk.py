"""Is the loss at the stop within the budget, alone and with every other stop?"""

from __future__ import annotations

from domain.finding import Finding
from domain.numbers import ZERO
from domain.verdict import Bracket
from policies.case import Case
from policies.exposure import open_risk
from policies.findings import compare, unknown
from policies.sizing import risk_fraction


def risk_is_within_budget(case: Case, bracket: Bracket) -> Finding:
    """`RISK_PER_TRADE`: quantity x risk per unit / equity <= risk_per_trade_fraction x scale.

    Fraction of equity, default 0.01 (ceiling 0.02); scale = min(1, 0.40 / realised volatility) x
    min(1, confidence / full_size_confidence_fraction). Sizing obeys this by construction; the rule
    proves it on the rounded bracket, costs included. Further limit: volatility_target_fraction.
    Reason: what is lost when the plan is wrong is the one number that can be chosen. Source: fixed
    fractional sizing (R. Vince, 1990); the scale: Moreira and Muir, Volatility-Managed Portfolios,
    2017.
    """
    code, what, equity = (
        "RISK_PER_TRADE",
        "loss at the stop as a share of equity",
        case.account.equity,
    )
    limit = risk_fraction(case)
    if limit is None or not equity > ZERO:
        return unknown(code, what, "<=", case.policy.risk_per_trade_fraction, "fraction")
    loss = bracket.judged_quantity * bracket.risk_per_unit / equity
    return compare(code, what, loss, "<=", limit, "fraction")


def open_risk_is_bearable(case: Case, bracket: Bracket) -> Finding:
    """`OPEN_RISK_LIMIT`: what every stop together would lose / equity <= 0.04, fraction.

    Limit: max_open_risk_fraction. Positions from their mark to their stop, working entries as
    planned, this plan, costs included; one without a known stop denies. Reason: in a crash they
    all fire at once. Source: what traders call portfolio heat.
    """
    code, what = "OPEN_RISK_LIMIT", "loss over equity if every stop fires"
    limit, equity, others = case.policy.max_open_risk_fraction, case.account.equity, open_risk(case)
    if others is None or not equity > ZERO:
        return unknown(code, what, "<=", limit, "fraction")
    total = others + bracket.judged_quantity * bracket.risk_per_unit
    return compare(code, what, total / equity, "<=", limit, "fraction")
