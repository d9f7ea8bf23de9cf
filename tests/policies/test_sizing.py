"""The smallest bound decides, every bound is recorded, and nothing is rounded up."""

from __future__ import annotations

import pytest

from policies.case import Held
from policies.costs import Share
from policies.sizing import depth, risk_fraction, size_position, split_targets
from tests.policies.cases import D, book, make_case

ENTRY, RISK = D(10_000), D(200)


@pytest.mark.parametrize(
    ("bound", "quantity", "changes"),
    [
        ("symbol_notional", "2.5", {}),
        ("risk_budget", "5", {"policy__max_symbol_notional_fraction": D(2)}),
        (
            "risk_budget",
            "2.5",
            {
                "policy__max_symbol_notional_fraction": D(2),
                "market__realised_volatility": D("0.8"),
            },
        ),
        ("gross_exposure", "1", {"account__positions": (Held("ETH/USDT", D(14), D(10_000)),)}),
        (
            "leverage",
            "1",
            {
                "account__positions": (Held("ETH/USDT", D(-19), D(10_000)),),
                "policy__max_gross_exposure_fraction": D(3),
            },
        ),
        ("margin", "1.998", {"account__free": D(10_000)}),
        ("margin", "0.999", {"account__free": D(10_000), "instrument__kind": "spot"}),
        ("depth", "2", {"market__book": book(quantity="20")}),
        ("margin", "0", {"account__free": D(-5)}),
    ],
)
def test_the_smallest_bound_decides(bound, quantity, changes):
    sizing = size_position(make_case(**changes), ENTRY, RISK)
    assert sizing is not None
    assert sizing.quantity == D(quantity)
    assert sizing.decisive.name == bound
    assert len(sizing.steps) == 6


def test_the_quantity_is_rounded_down_to_the_step():
    sizing = size_position(make_case(), D(9_999), D(200))
    assert sizing is not None
    assert sizing.quantity == D("2.5")  # 2.50025


def test_a_calm_market_is_not_bet_on_more_than_the_budget():
    assert risk_fraction(make_case(market__realised_volatility=D("0.1"))) == D("0.01")
    assert risk_fraction(make_case(market__realised_volatility=D("0.8"))) == D("0.005")


@pytest.mark.parametrize("volatility", [None, D("NaN"), D(-1)])
def test_without_volatility_there_is_no_size(volatility):
    case = make_case(market__realised_volatility=volatility)
    assert size_position(case, ENTRY, RISK) is None


def test_depth_is_that_of_the_thinner_side():
    thin_bids = make_case(market__book__bids=book(quantity="3").bids)
    assert depth(thin_bids) == D(3)
    assert depth(make_case(market__book=None)) == 0


def _split(quantity, *shares, **changes):
    case = make_case(**changes)
    rows = [Share(D(price), D(weight)) for price, weight in shares]
    kept, legs = split_targets(rows, case.instrument, ENTRY, D(quantity))
    return [(leg.price, leg.quantity) for leg in legs], [share.weight for share in kept]


def test_legs_are_rounded_down_and_the_last_takes_the_remainder():
    legs, weights = _split("0.010", (10_200, "0.33"), (10_400, "0.33"), (10_600, "0.34"))
    assert legs == [(10_200, D("0.003")), (10_400, D("0.003")), (10_600, D("0.004"))]
    assert weights == [D("0.33"), D("0.33"), D("0.34")]


def test_a_leg_that_is_too_small_is_merged_at_the_nearer_price():
    legs, weights = _split("0.005", (10_200, "0.6"), (10_400, "0.3"), (10_600, "0.1"))
    assert sum(quantity for _, quantity in legs) == D("0.005")
    assert legs == [(10_200, D("0.003")), (10_400, D("0.001")), (10_600, D("0.001"))]
    legs, weights = _split(
        "0.005",
        (10_200, "0.6"),
        (10_400, "0.3"),
        (10_600, "0.1"),
        instrument__min_quantity=D("0.002"),
    )
    assert legs == [(10_200, D("0.003")), (10_400, D("0.002"))]
    assert weights == [D("0.6"), D("0.4")]


def test_a_first_leg_below_the_least_notional_takes_the_second_at_its_own_price():
    legs, _ = _split("0.010", (10_200, "0.2"), (10_400, "0.8"), instrument__min_notional=D(30))
    assert legs == [(10_200, D("0.010"))]


def test_a_whole_that_is_too_small_is_not_merged_but_left_to_its_rule():
    legs, weights = _split("0", (10_200, "0.5"), (10_400, "0.5"))
    assert legs == [(10_200, 0), (10_400, 0)]
    assert weights == [D("0.5"), D("0.5")]
