"""May the plan that stands be changed so? Its first risk is the budget of all its versions."""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Comparison, Finding, Stated
from domain.numbers import ZERO, plain
from domain.verdict import Bracket
from policies.case import Case
from policies.costs import held_risk
from policies.findings import compare, unknown

_RISK = "REPLAN_RISK_INCREASE"
_NO_REPLAN = "The plan is one of its own, not a new version of one that stands."


def replan_keeps_the_risk(case: Case, bracket: Bracket) -> Finding:
    """`REPLAN_RISK_INCREASE`: loss at the new stop <= risk_amount of the plan's approval, quote.

    Loss = what is held x risk per unit from its average entry, never below 0, + what is added x
    its risk per unit, costs included. Reason: a plan that is changed is one that did not work out;
    risk added to it is hope. Source: the traders' rule never to average down.
    """
    what, standing = "loss at the stop under the plan's new version", case.standing
    if standing is None:
        return Stated(_RISK, True, "none", "none", _NO_REPLAN, "quote")
    held = held_risk(case, bracket.stop_price, bracket.stop_slippage)
    loss = held + bracket.judged_quantity * bracket.risk_per_unit
    return compare(_RISK, what, loss, "<=", standing.risk_amount, "quote")


def replan_keeps_the_stop(case: Case, bracket: Bracket) -> Finding:
    """`REPLAN_RISK_INCREASE`: the new stop is no farther than the one that works, price.

    Only where something is held: long: new stop >= working stop; short: <=. A position without a
    known stop denies. Reason: a stop that is moved away is no stop. Source: own.
    """
    standing = case.standing
    if standing is None or not standing.held:
        sentence = "Nothing is held under the plan, so no stop of it works."
        return Stated(_RISK, True, "none", "none", sentence, "price")
    comparison: Comparison = ">=" if case.draft.side == "long" else "<="
    if standing.stop_price is None:
        return unknown(_RISK, "working stop of the position", ">", ZERO, "price")
    return compare(_RISK, "new stop", bracket.stop_price, comparison, standing.stop_price, "price")


def replans_are_few(case: Case) -> Finding:
    """`REPLAN_LIMIT`: replans of the plan with this one <= max_replans_count (3), count.

    Reason: a plan that is changed at every candle is no plan. Source: own.
    """
    limit = Decimal(case.policy.max_replans_count)
    if case.standing is None:
        return Stated("REPLAN_LIMIT", True, "0", f"<= {plain(limit)}", _NO_REPLAN, "count")
    count = Decimal(case.standing.replans_count + 1)
    what = "number of replans with this one"
    return compare("REPLAN_LIMIT", what, count, "<=", limit, "count")


def scale_ins_are_few(case: Case) -> Finding:
    """`SCALE_IN_LIMIT`: additions to the position with this one <= max_scale_ins_count (0), count.

    Reason: off by default; no evidence that it pays, and each addition pays costs anew. Source:
    own.
    """
    limit = Decimal(case.policy.max_scale_ins_count)
    if case.standing is None or not case.standing.held:
        sentence = "Nothing is held under the plan: this adds to no position."
        return Stated("SCALE_IN_LIMIT", True, "0", f"<= {plain(limit)}", sentence, "count")
    count = Decimal(case.standing.scale_ins_count + 1)
    what = "number of additions to the position with this one"
    return compare("SCALE_IN_LIMIT", what, count, "<=", limit, "count")
