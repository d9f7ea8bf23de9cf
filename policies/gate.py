"""The gate: every rule on every plan, every finding kept, and no way around.

A plan is approved when a bracket could be built and every rule passed. A rule that fails to answer
denies: a control that is broken must not open a position. The gate judges entries only; nothing
here can hold back an exit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from domain.finding import Finding, Stated
from domain.verdict import Approved, Bracket, Denied, Verdict
from policies.arithmetic import gate_arithmetic
from policies.bracket import build_bracket
from policies.case import Case
from policies.rulebook import RULES, OnCase, Rule

_T = TypeVar("_T")


def review(case: Case, rules: Sequence[Rule] = RULES) -> Verdict:
    """Judge one plan. Pure: the same case gives the same verdict, byte for byte; never raises.

    Without a bracket the rules on it are left out, and the reason why there is none is a failed
    finding itself.
    """
    with gate_arithmetic():
        bracket = _guarded("build_bracket", build_bracket, case)
        findings = _findings(case, bracket, rules)
    failed = {finding.code for finding in findings if finding.passed is not True}
    if not isinstance(bracket, Bracket):
        reason = () if bracket.code in failed else (bracket,)
        return Denied((*findings, *reason))
    return Denied(tuple(findings), bracket) if failed else Approved(bracket, tuple(findings))


def _findings(case: Case, bracket: Bracket | Finding, rules: Sequence[Rule]) -> list[Finding]:
    """Every rule's finding; a rule that breaks is named, and the others still answer."""
    on_bracket = isinstance(bracket, Bracket)
    asked = [rule for rule in rules if on_bracket or isinstance(rule, OnCase)]
    return [_guarded(rule.check.__name__, _finding, rule, case, bracket) for rule in asked]


def _finding(rule: Rule, case: Case, bracket: Bracket | Finding) -> Finding:
    if isinstance(rule, OnCase):
        return rule.check(case)
    assert isinstance(bracket, Bracket)  # noqa: S101  # as asked above
    return rule.check(case, bracket)


def _guarded(name: str, control: Callable[..., _T], *seen: Any) -> _T | Finding:
    try:
        return control(*seen)
    except Exception as error:  # noqa: BLE001 - fail closed: whatever breaks a control denies the plan
        return _broken(name, error)


def _broken(name: str, error: Exception) -> Finding:
    sentence = (
        f"The control {name} could not answer ({type(error).__name__}: {error}); "
        "what cannot be checked is denied."
    )
    return Stated("CONTROL_ERROR", False, type(error).__name__, "an answer", sentence)
