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
from typing import Any, TypeVar

from domain.verdict import Approved, Bracket, Denied, Finding, Stated, Verdict
from policies.bracket import build_bracket
from policies.case import Case
from policies.rules import (
    account,
    clock,
    collar,
    exposure,
    freshness,
    funding,
    integrity,
    levels,
    liquidation,
    liquidity,
    pace,
    quote,
    reward,
    risk,
    send,
    size,
    standing,
    venue,
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
    OnCase(integrity.symbol_is_free),
    OnCase(integrity.draft_is_new),
    OnCase(standing.plan_is_current),
    OnCase(standing.plan_is_the_head),
    OnCase(standing.policy_is_the_same),
    OnCase(standing.evidence_stands),
    OnCase(standing.required_tools_answered),
    OnCase(clock.nothing_is_from_the_future),
    OnCase(clock.clock_agrees_with_the_venue),
    OnCase(clock.clock_has_not_jumped),
    OnCase(freshness.quote_is_fresh),
    OnCase(freshness.book_is_fresh),
    OnCase(freshness.candle_is_fresh),
    OnCase(freshness.funding_is_fresh),
    OnCase(volatility.volatility_is_known),
    OnCase(volatility.history_has_no_gap),
    OnCase(quote.book_is_not_crossed),
    OnCase(quote.spread_is_narrow),
    OnCase(quote.price_has_not_moved),
    OnBracket(collar.price_is_within_the_collar),
    OnBracket(collar.price_is_within_the_venues_band),
    OnBracket(levels.stop_is_on_its_side),
    OnBracket(levels.targets_are_on_their_side),
    OnBracket(levels.stop_is_beyond_noise),
    OnBracket(levels.stop_is_within_atr),
    OnBracket(levels.stop_is_within_price),
    OnBracket(reward.reward_is_worth_the_risk),
    OnBracket(risk.risk_is_within_budget),
    OnBracket(risk.open_risk_is_bearable),
    OnCase(funding.funding_rate_is_bearable),
    OnBracket(funding.funding_cost_is_bearable),
    OnBracket(liquidation.liquidation_is_far),
    OnBracket(liquidity.depth_is_sufficient),
    OnBracket(liquidity.slippage_is_bearable),
    OnBracket(liquidity.share_of_turnover_is_small),
    OnBracket(liquidity.size_is_usual),
    OnBracket(size.numbers_are_on_the_grid),
    OnBracket(size.quantity_is_above_minimum),
    OnBracket(size.notional_is_above_minimum),
    OnBracket(size.quantity_is_below_maximum),
    OnBracket(exposure.symbol_notional_is_within_limit),
    OnBracket(exposure.gross_exposure_is_within_limit),
    OnBracket(exposure.net_exposure_is_within_limit),
    OnBracket(exposure.correlated_exposure_is_within_limit),
    OnBracket(exposure.leverage_is_within_limit),
    OnCase(exposure.position_leverage_is_within_limit),
    OnBracket(exposure.free_margin_is_left),
    OnCase(account.positions_are_few),
    OnCase(account.orders_are_few),
    OnCase(pace.trades_of_the_day_are_few),
    OnCase(pace.trades_of_the_symbol_are_few),
    OnCase(pace.orders_of_the_minute_are_few),
    OnCase(pace.symbol_has_cooled_down),
    OnCase(pace.stops_are_no_streak),
    OnCase(account.daily_loss_is_bearable),
    OnCase(account.drawdown_is_bearable),
    OnCase(standing.confidence_is_sufficient),
    OnCase(venue.market_is_open),
    OnCase(venue.venue_is_up),
    OnCase(venue.no_blackout),
    OnCase(send.kill_switch_is_off),
    OnCase(send.trading_is_active),
    OnCase(send.orders_are_reconciled),
)
"""Integrity, data, price, risk, size, exposure, account, send; the first that fails is primary."""


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
