"""New levels for a position that is open: judged like a change of exits, not like an entry.

Nothing is bought, so what limits entries does not apply, in no trading state and with the kill
switch too. What may never happen is that the stop moves away. Where a replan enters anew or adds to
a position, the gate judges it as an entry (`policies.gate`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from domain.finding import Comparison, Finding, Stated
from domain.numbers import ZERO, ceil_to_tick, floor_to_tick, plain
from domain.verdict import Approved, Bracket, Denied, SizeStep, Verdict
from policies.arithmetic import gate_arithmetic
from policies.bracket import target_shares
from policies.case import Case
from policies.costs import close_at, costs_of, held_risk
from policies.facts import known
from policies.findings import compare
from policies.legs import split_targets
from policies.rules import freshness, integrity, invalidation, replan, standing

ON_CASE: tuple[Callable[[Case], Finding], ...] = (
    integrity.numbers_are_valid,
    standing.plan_is_current,
    standing.plan_is_the_head,
    standing.policy_is_the_same,
    standing.evidence_stands,
    invalidation.no_condition_holds,
    freshness.quote_is_fresh,
    replan.replans_are_few,
)
"""What of the gate's rules holds for new levels too."""


def review_levels(case: Case, stands: Bracket) -> Verdict:
    """Judge new levels for an open position. Pure; what cannot be known denies.

    Args:
        case: The replan; `case.standing` says what is held and where its stop works.
        stands: The bracket that it would replace.
    """
    held, last = case.standing, known(case.market.last)
    if last is None:
        return Denied((freshness.quote_is_fresh(case),))
    if held is None or not held.held > ZERO:
        sentence = "New levels need an open position."
        return Denied((Stated("PLAN_SUPERSEDED", False, "none", "a position", sentence),))
    with gate_arithmetic():
        bracket = _bracket(case, stands, held.held, last)
        findings = (
            *(rule(case) for rule in ON_CASE),
            replan.replan_keeps_the_stop(case, bracket),
            stop_is_behind(case, bracket, last),
            targets_are_ahead(case, bracket, last),
        )
    if all(finding.passed is True for finding in findings):
        return Approved(bracket, findings)
    return Denied(findings, bracket)


def stop_is_behind(case: Case, bracket: Bracket, last: Decimal) -> Finding:
    """`STOP_WRONG_SIDE`: long: stop < last price; short: above it. Another would fire at once."""
    comparison: Comparison = "<" if case.draft.side == "long" else ">"
    return compare("STOP_WRONG_SIDE", "stop", bracket.stop_price, comparison, last, "price")


def targets_are_ahead(case: Case, bracket: Bracket, last: Decimal) -> Finding:
    """`TARGET_WRONG_SIDE`: every target lies beyond the last price; to leave now is an exit."""
    wrong = [t.price for t in bracket.targets if not (t.price - last) * case.direction > ZERO]
    names = ", ".join(plain(price) for price in wrong) or "none"
    sentence = f"Targets that the last price {plain(last)} has reached already: {names}."
    return Stated("TARGET_WRONG_SIDE", not wrong, names, "none", sentence, "price")


def _bracket(case: Case, stands: Bracket, held: Decimal, last: Decimal) -> Bracket:
    """The bracket that stands, with the new levels over what is held."""
    tick, long = case.instrument.price_tick, case.draft.side == "long"
    stop = (floor_to_tick if long else ceil_to_tick)(case.draft.invalidation, tick)
    costs = costs_of(case, stop)
    shares, legs = split_targets(target_shares(case), case.instrument, last, held)
    risk = held_risk(case, stop, costs.stop_slippage)
    return replace(
        stands,
        quantity=held,
        stop_price=stop,
        targets=legs,
        close_at=close_at(case),
        risk_per_unit=risk / held,
        risk_amount=risk,
        reward_risk=costs.reward_risk(last, shares) if costs.risk(last) > ZERO else ZERO,
        stop_slippage=costs.stop_slippage,
        sizing=(SizeStep("given", held),),
    )
