"""Cases on which the oracle once held the gate to be wrong, each as small as it gets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from policies.document import read_case
from policies.gate import review
from tests.fuzz.holding import hold
from tests.fuzz.writing import to_text

NOW = "2024-01-01T00:00:00Z"
PLAN = {
    "side": "long",
    "targets": [{"price": 104}],
    "invalidation": 98,
    "confidence": Decimal("0.7"),
}


def case(**sections: Any) -> str:
    """A case that is approved as it is, with something put into its sections."""
    document: dict[str, Any] = {
        "plan": {**PLAN, "targets": [{"price": 104}]},
        "market": {"now": NOW, "last": 100, "atr": 1},
    }
    for name, values in sections.items():
        old = document.get(name)
        document[name] = {**(old or {}), **values} if isinstance(values, dict) else values
    return to_text(document)


def test_the_case_that_these_start_from_is_approved():
    assert hold(case()).kind == "approved"


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("account", "free"),
        ("account", "day_start_equity"),
        ("account", "peak_equity"),
        ("market", "last"),
    ],
)
def test_what_is_null_is_missing_and_denies(section, key):
    plan = {"decision_price": 100}
    values = {section: {key: None}, "plan": plan}
    assert not review(read_case(case(**values))).approved


@pytest.mark.parametrize(
    "values",
    [
        {
            "book": {
                "at": None,
                "bids": [[Decimal("99.99"), 100]],
                "asks": [[Decimal("100.01"), 100]],
            }
        },
        {"funding": {"known_at": None}},
    ],
)
def test_a_stamp_that_is_null_is_unknown_and_denies(values):
    text = case(instrument={"kind": "perpetual"}, market=values)
    assert not review(read_case(text)).approved


@pytest.mark.parametrize(
    "sections",
    [
        {"instrument": {"price_tick": 200}},
        {"instrument": {"price_tick": 200}, "plan": {"entry": 100}},
        {"plan": {"entry": Decimal("0.001")}},
        {"plan": {"targets": [{"price": Decimal("0.001")}]}},
        {"instrument": {"min_notional": 0}, "plan": {"targets": [{"price": Decimal("0.001")}]}},
    ],
)
def test_a_price_that_rounds_to_nothing_is_no_control_error(sections):
    assert "CONTROL_ERROR" not in review(read_case(case(**sections))).codes


def test_a_tick_far_below_the_price_is_no_control_error():
    text = to_text(
        {
            "plan": {**PLAN, "entry": 100, "targets": [{"price": Decimal("999999999999")}]},
            "instrument": {"price_tick": Decimal("1e-24")},
            "market": {"last": 100, "atr": 1},
        }
    )
    assert "CONTROL_ERROR" not in review(read_case(text)).codes


def test_an_order_far_beyond_the_book_is_priced_exactly():
    book = {"bids": [[99, 100]], "asks": [[100, Decimal("1.08079694207229208")]]}
    text = case(market={"book": book}, instrument={"min_quantity": 999_999_999_999})
    assert not hold(text).complaints


def test_a_book_out_of_order_is_refused():
    """Its second ask lies below its bid: it is crossed, and the walk pays less than the touch."""
    book = {"bids": [[100, 500]], "asks": [[Decimal("100.02"), 1], [Decimal("99.9"), 500]]}
    assert hold(case(market={"book": book})).kind != "approved"


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
