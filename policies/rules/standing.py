"""Does the plan still stand: young enough, the newest, under this policy, and well founded?"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Comparison, Finding, Stated
from policies.case import Case
from policies.findings import compare, unknown
from policies.rules.clock import seconds


def plan_is_current(case: Case) -> Finding:
    """`PLAN_EXPIRED`: now - decided_at <= 1 bar of the decision timeframe, in seconds.

    Further limit: max_entry_age_bars (1), after which an entry that was sent and has not filled is
    taken back. Reason: a plan answers the candle it saw; when the next one has closed, it is asked
    again. Source: own; the recvWindow of Binance is the same idea for a request.
    """
    age = seconds(case.decided_at, case.market.now)
    limit = Decimal(case.timeframe.seconds)
    return compare("PLAN_EXPIRED", "age of the plan", age, "<=", limit, "s")


def plan_is_the_head(case: Case) -> Finding:
    """`PLAN_SUPERSEDED`: the plan's version == the newest of its run; count.

    Reason: a revision replaces what it revises; the old one may still be on its way. Source: own.
    """
    head, own, code = case.head_version, case.version, "PLAN_SUPERSEDED"
    if head is None:
        return unknown(code, "newest version of the plan", "<=", Decimal(own), "count")
    what: str = "newest version of the plan"
    comparison: Comparison = ">=" if head < own else "<="
    return compare(code, what, Decimal(head), comparison, Decimal(own), "count")


def policy_is_the_same(case: Case) -> Finding:
    """`POLICY_CHANGED`: the plan was made under the policy that judges it (equal hashes).

    Reason: the model was told other rules than these; it is asked again. Source: own.
    """
    then, now = case.plan_policy_hash, case.policy.policy_hash
    same = then == now
    verb = "is the same as" if same else "differs from"
    sentence = f"The policy {verb} the one that the plan was made under."
    return Stated("POLICY_CHANGED", same, then[:12], now[:12], sentence)


def evidence_stands(case: Case) -> Finding:
    """`EVIDENCE_MISSING`: every tool result the plan rests on exists, succeeded, is not older.

    Not older than the decision: `as_of` >= `decided_at`. Reason: a plan that cites what was never
    answered rests on something the model made up. Source: own; a model cites what it was never
    told.
    """
    sound = {e.result_id for e in case.evidence if e.ok and e.as_of >= case.decided_at}
    absent = [name for name in case.draft.evidence if name not in sound]
    if absent:
        names = ", ".join(absent)
        sentence = f"The plan rests on {names}, which this run's tools did not answer."
        return Stated("EVIDENCE_MISSING", False, names, "answered in this run", sentence)
    sentence = f"All of the {len(case.draft.evidence)} tool results the plan rests on are there."
    return Stated("EVIDENCE_MISSING", True, "answered", "answered in this run", sentence)


def required_tools_answered(case: Case) -> Finding:
    """`EVIDENCE_MISSING`: each of `required_tools` (none) has answered in the run.

    Reason: an operator may want no entry on a market whose regime or book was never looked at.
    Source: own.
    """
    asked = {e.tool for e in case.evidence if e.ok and e.as_of >= case.decided_at}
    absent = [name for name in case.policy.required_tools if name not in asked]
    names = ", ".join(absent) or "none"
    sentence = f"Required tools that have not answered in this run: {names}."
    return Stated("EVIDENCE_MISSING", not absent, names, "none", sentence)


def confidence_is_sufficient(case: Case) -> Finding:
    """`CONFIDENCE_LOW`: the plan's confidence >= min_confidence_fraction, fraction, default 0.6.

    It can only block, or shrink (`full_size_confidence_fraction`). A model's certainty is no
    reason to bet more. Reason: a plan that its own author doubts is not worth its costs. Source:
    Xiong et al., Can LLMs Express Their Uncertainty?, 2024: they are overconfident, so more
    confidence buys nothing.
    """
    confidence, limit = case.draft.confidence, case.policy.min_confidence_fraction
    return compare("CONFIDENCE_LOW", "confidence", confidence, ">=", limit, "fraction")
