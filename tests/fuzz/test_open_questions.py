"""Cases on which the oracle holds the gate to be wrong, each as small as it gets.

They are expected to fail; one that passes has been mended, and moves to `test_mended_cases`.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.document import read_case
from policies.gate import review
from tests.fuzz.holding import hold
from tests.fuzz.test_mended_cases import case

open_question = pytest.mark.xfail(strict=True, reason="the gate and the oracle differ")


@open_question
def test_a_stop_at_the_window_s_edge_counts_whatever_the_moment():
    """A moment that is no whole part of a bar seems to round the two ages apart."""
    exits = [
        {"symbol": "AAA/USD", "at": at, "stopped": True}
        for at in ("2024-07-15T02:00:00Z", "2024-07-15T07:00:00Z")
    ]
    limits = {"loss_streak_count": 2, "loss_streak_window_bars": 5, "loss_streak_pause_bars": 11}
    text = case(
        market={"now": "2024-07-15T12:30:00.001Z"},
        account={"recent_exits": exits},
        policy=limits,
    )
    assert not hold(text).complaints


@open_question
def test_a_last_leg_that_is_large_enough_with_its_remainder_stays_a_leg():
    """38 and 2.5 of 40.5 can both be sent; the gate weighs 0.05 of it, rounded down to 2."""
    text = case(
        quantity=Decimal("40.5"),
        instrument={"quantity_step": Decimal("0.5"), "min_quantity": Decimal("2.5")},
        plan={
            "targets": [
                {"price": 104, "weight": Decimal("0.95")},
                {"price": 105, "weight": Decimal("0.05")},
            ]
        },
    )
    assert len(review(read_case(text)).bracket.targets) == 2


@open_question
def test_a_size_never_exceeds_the_risk_budget_however_fine_the_step():
    text = case(
        instrument={"quantity_step": Decimal("1e-24")},
        market={
            "last": Decimal("0.5"),
            "atr": Decimal("0.01"),
            "realised_volatility": Decimal("0.7"),
            "book": {
                "bids": [[Decimal("0.483"), 300_000]],
                "asks": [[Decimal("0.483"), 200_000]],
            },
        },
        plan={
            "confidence": Decimal("0.8"),
            "invalidation": Decimal("0.463"),
            "targets": [{"price": Decimal("0.6")}],
        },
        policy={"risk_per_trade_fraction": Decimal("0.02")},
    )
    assert not hold(text).complaints
