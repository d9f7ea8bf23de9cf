"""New levels of an open position: what may be changed, and what denies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.plan import Target
from domain.verdict import Approved, Bracket, Denied
from policies.case import Case
from policies.facts import Standing
from policies.gate import review
from policies.replan import review_levels
from tests.policies.cases import D, make_case

HELD = Standing(risk_amount=D(1000), held=D(2), entry_price=D(10_000), stop_price=D(9_800))
"""A long of 2; the case's own plan puts its stop at 9 800 too."""


def stands() -> Bracket:
    verdict = review(make_case())
    assert isinstance(verdict, Approved)
    return verdict.bracket


def levels(**changes: Any) -> Case:
    return make_case(**{"standing": HELD, **changes})


def codes(case: Case) -> tuple[str, ...]:
    return review_levels(case, stands()).codes


def test_levels_that_keep_the_stop_are_approved_with_what_is_held_over_the_targets() -> None:
    halves = (
        Target(price=D(10_500), weight=D("0.5")),
        Target(price=D(10_700), weight=D("0.5")),
    )
    verdict = review_levels(levels(draft__targets=halves, draft__invalidation=D(9_900)), stands())
    assert isinstance(verdict, Approved)
    assert verdict.bracket.stop_price == D(9_900)
    assert [(t.price, t.quantity) for t in verdict.bracket.targets] == [(10_500, 1), (10_700, 1)]
    assert verdict.bracket.quantity == HELD.held


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"draft__invalidation": D("9799.9")}, "REPLAN_RISK_INCREASE"),
        ({"standing": replace(HELD, stop_price=None)}, "REPLAN_RISK_INCREASE"),
        ({"draft__invalidation": D(10_000)}, "STOP_WRONG_SIDE"),
        ({"draft__targets": (Target(price=D(10_000)),)}, "TARGET_WRONG_SIDE"),
        ({"standing": replace(HELD, replans_count=3)}, "REPLAN_LIMIT"),
        ({"market__last": None}, "STALE_DATA"),
        ({"market__last": Decimal("NaN")}, "STALE_DATA"),
        ({"standing": replace(HELD, held=D(0))}, "PLAN_SUPERSEDED"),
        ({"plan_policy_hash": "another"}, "POLICY_CHANGED"),
    ],
)
def test_what_denies_new_levels(changes: dict[str, Any], code: str) -> None:
    assert code in codes(levels(**changes))
    assert isinstance(review_levels(levels(**changes), stands()), Denied)


def test_neither_a_halt_nor_a_wide_spread_holds_new_levels_back() -> None:
    halted = levels(
        account__kill_switch=True,
        account__trading_state=None,
        account__equity=D(1),
        market__atr=None,
    )
    assert codes(halted) == ()


def test_a_short_mirrors_a_long() -> None:
    short = Standing(risk_amount=D(1000), held=D(2), entry_price=D(10_000), stop_price=D(10_200))
    verdict = review(make_case("short"))
    assert isinstance(verdict, Approved)
    case = make_case("short", standing=short, draft__invalidation=D("10200.1"))
    assert review_levels(case, verdict.bracket).codes == ("REPLAN_RISK_INCREASE",)
    closer = make_case("short", standing=short, draft__invalidation=D(10_100))
    assert review_levels(closer, verdict.bracket).codes == ()
