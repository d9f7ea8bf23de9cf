"""The gate: every rule on every plan, every finding kept, and no way around.

A plan is approved when a bracket could be built and every rule passed. A rule that fails to answer
denies: a control that is broken must not open a position. The gate judges entries only; nothing
here can hold back an exit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import TypeVar

from domain.verdict import Approved, Bracket, Denied, Finding, Verdict
from policies.bracket import build_bracket
from policies.case import Case
from policies.rules import (
    account,
    exposure,
    freshness,
    funding,
    integrity,
    levels,
    liquidity,
    quote,
    reward,
    risk,
    size,
    volatility,
)

_T = TypeVar("_T")

_ARITHMETIC = Context(
    prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
"""The gate's own arithmetic, so that no caller's decimal context can change a verdict."""


@dataclass(frozen=True, slots=True)
class OnCase:
    """A rule that needs the case alone, so it can judge where no bracket could be built."""

    check: Callable[[Case], Finding]


@dataclass(frozen=True, slots=True)
class OnBracket:
    """A rule on the bracket; without one there is nothing to measure, and the plan is denied."""

    check: Callable[[Case, Bracket], Finding]


Rule = OnCase | OnBracket

RULES: tuple[Rule, ...] = (
    OnCase(integrity.numbers_are_valid),
    OnCase(integrity.symbol_is_known),
    OnCase(integrity.symbol_is_tradable),
    OnCase(integrity.side_is_allowed),
    OnCase(integrity.plan_is_current),
    OnCase(integrity.intent_is_new),
    OnCase(freshness.clock_agrees),
    OnCase(freshness.quote_is_fresh),
    OnCase(freshness.book_is_fresh),
    OnCase(freshness.candle_is_fresh),
    OnCase(freshness.funding_is_fresh),
    OnCase(volatility.volatility_is_known),
    OnCase(quote.book_is_not_crossed),
    OnCase(quote.spread_is_narrow),
    OnCase(quote.price_has_not_moved),
    OnBracket(levels.stop_is_on_its_side),
    OnBracket(levels.targets_are_on_their_side),
    OnBracket(levels.stop_is_beyond_noise),
    OnBracket(levels.stop_is_within_atr),
    OnBracket(levels.stop_is_within_price),
    OnBracket(reward.reward_is_worth_the_risk),
    OnBracket(risk.risk_is_within_budget),
    OnCase(funding.funding_rate_is_bearable),
    OnBracket(funding.funding_cost_is_bearable),
    OnBracket(liquidity.depth_is_sufficient),
    OnBracket(liquidity.slippage_is_bearable),
    OnBracket(size.quantity_is_above_minimum),
    OnBracket(size.notional_is_above_minimum),
    OnBracket(size.quantity_is_below_maximum),
    OnBracket(exposure.symbol_notional_is_within_limit),
    OnBracket(exposure.gross_exposure_is_within_limit),
    OnBracket(exposure.leverage_is_within_limit),
    OnCase(account.positions_are_few),
    OnCase(account.trades_of_the_day_are_few),
    OnCase(account.trades_of_the_symbol_are_few),
    OnCase(account.daily_loss_is_bearable),
    OnCase(account.confidence_is_sufficient),
)
"""Integrity, data, price, risk, size, exposure, account; the first that fails is the primary."""


def review(case: Case, rules: Sequence[Rule] = RULES) -> Verdict:
    """Judge one plan. Pure: the same case gives the same verdict, byte for byte; never raises.

    Without a bracket the rules on it are left out, and the reason why there is none is a failed
    finding itself.
    """
    with localcontext(_ARITHMETIC):
        bracket = _guarded("build_bracket", lambda: build_bracket(case))
        findings = [f for rule in rules if (f := _judge(rule, case, bracket)) is not None]
    failed = {finding.code for finding in findings if not finding.passed}
    if isinstance(bracket, Finding):
        reason = () if bracket.code in failed else (bracket,)
        return Denied((*findings, *reason))
    return Denied(tuple(findings), bracket) if failed else Approved(bracket, tuple(findings))


def _judge(rule: Rule, case: Case, bracket: Bracket | Finding) -> Finding | None:
    if isinstance(rule, OnCase):
        return _guarded(rule.check.__name__, lambda: rule.check(case))
    if isinstance(bracket, Finding):
        return None
    return _guarded(rule.check.__name__, lambda: rule.check(case, bracket))


def _guarded(name: str, control: Callable[[], _T]) -> _T | Finding:
    try:
        return control()
    except Exception as error:  # noqa: BLE001 - fail closed: whatever breaks a control denies the plan
        sentence = (
            f"The control {name} could not answer ({type(error).__name__}: {error}); "
            "what cannot be checked is denied."
        )
        return Finding("CONTROL_ERROR", False, type(error).__name__, "an answer", "", sentence)
