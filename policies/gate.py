"""The gate: every rule on every plan, every finding kept, and no way around.

A plan is approved when a bracket could be built and every rule passed. A rule that fails to answer
denies: a control that is broken must not open a position. The gate judges entries only; nothing
here can hold back an exit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Any, TypeVar

from domain.verdict import Approved, Bracket, Denied, Finding, Stated, Verdict
from policies.bracket import build_bracket
from policies.case import Case
from policies.rulebook import RULES, OnCase, Rule

_T = TypeVar("_T")

_ARITHMETIC = Context(
    prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
"""The gate's own arithmetic, so that no caller's decimal context can change a verdict."""


def review(case: Case, rules: Sequence[Rule] = RULES) -> Verdict:
    """Judge one plan. Pure: the same case gives the same verdict, byte for byte; never raises.

    Without a bracket the rules on it are left out, and the reason why there is none is a failed
    finding itself.
    """
    with localcontext(_ARITHMETIC):
        bracket = _guarded(build_bracket, case)
        findings = []
        for rule in rules:
            if isinstance(rule, OnCase):
                findings.append(_guarded(rule.check, case))
            elif isinstance(bracket, Bracket):
                findings.append(_guarded(rule.check, case, bracket))
    failed = {finding.code for finding in findings if finding.passed is not True}
    if not isinstance(bracket, Bracket):
        reason = () if bracket.code in failed else (bracket,)
        return Denied((*findings, *reason))
    return Denied(tuple(findings), bracket) if failed else Approved(bracket, tuple(findings))


def _guarded(control: Callable[..., _T], *seen: Any) -> _T | Finding:
    try:
        return control(*seen)
    except Exception as error:  # noqa: BLE001 - fail closed: whatever breaks a control denies the plan
        return _broken(control.__name__, error)


def _broken(name: str, error: Exception) -> Finding:
    sentence = (
        f"The control {name} could not answer ({type(error).__name__}: {error}); "
        "what cannot be checked is denied."
    )
    return Stated("CONTROL_ERROR", False, type(error).__name__, "an answer", sentence)
