"""Is the loss at the stop within the budget, after everything has been rounded?"""

from __future__ import annotations

from domain.numbers import ZERO
from domain.verdict import Bracket, Finding
from policies.case import Case
from policies.findings import compare, unknown
from policies.sizing import risk_fraction


def risk_is_within_budget(case: Case, bracket: Bracket) -> Finding:
    """`RISK_PER_TRADE`: quantity x risk per unit / equity <= risk_per_trade_fraction x scale.

    Fraction of equity, default 0.01 (ceiling 0.02); scale = min(1, 0.40 / realised volatility).
    Sizing obeys this by construction; the rule proves it on the rounded bracket, costs included.
    """
    code, what = "RISK_PER_TRADE", "loss at the stop as a share of equity"
    equity, limit = case.account.equity, risk_fraction(case)
    if limit is None or not equity > ZERO:
        return unknown(code, what, "the risk budget", "fraction")
    loss = bracket.quantity * bracket.risk_per_unit / equity
    return compare(code, what, loss, "<=", limit, "fraction")
