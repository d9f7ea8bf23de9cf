"""A position is split over its targets without losing a step, and no leg is too small to send."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.verdict import TargetLeg
from policies.costs import Share, mean_target
from policies.legs import leg_notional, split_targets
from tests.policies.cases import D, make_case

TOUCH = D(10_000)
THREE = ((10_200, "0.6"), (10_400, "0.3"), (10_600, "0.1"))


def split(quantity, *shares, **changes):
    rows = tuple(Share(D(price), D(weight)) for price, weight in shares)
    kept, legs = split_targets(rows, make_case(**changes).instrument, TOUCH, D(quantity))
    return [(leg.price, leg.quantity) for leg in legs], [share.weight for share in kept]


def test_one_target_takes_the_whole_whatever_its_size():
    assert split("0.001", (10_200, 1), instrument__min_notional=D(1000)) == (
        [(10_200, D("0.001"))],
        [1],
    )


def test_legs_are_rounded_down_and_the_last_takes_the_remainder():
    legs, weights = split("0.010", (10_200, "0.33"), (10_400, "0.33"), (10_600, "0.34"))
    assert legs == [(10_200, D("0.003")), (10_400, D("0.003")), (10_600, D("0.004"))]
    assert weights == [D("0.33"), D("0.33"), D("0.34")]


def test_a_leg_that_is_too_small_is_merged_at_the_nearer_price():
    legs, weights = split("0.010", *THREE)
    assert legs == [(10_200, D("0.006")), (10_400, D("0.003")), (10_600, D("0.001"))]
    legs, weights = split("0.010", *THREE, instrument__min_quantity=D("0.002"))
    assert legs == [(10_200, D("0.006")), (10_400, D("0.004"))]
    assert weights == [D("0.6"), D("0.4")]
    assert split("0.010", *THREE, instrument__min_quantity=D("0.005"))[0] == [(10_200, D("0.010"))]


def test_a_first_leg_below_the_least_notional_takes_the_second_at_its_own_price():
    legs, _ = split("0.010", (10_200, "0.2"), (10_400, "0.8"), instrument__min_notional=D(30))
    assert legs == [(10_200, D("0.010"))]


def test_a_whole_that_is_too_small_is_merged_to_one_leg_and_left_to_its_rule():
    legs, weights = split("0", (10_200, "0.5"), (10_400, "0.5"))
    assert (legs, weights) == ([(10_200, 0)], [1])


@pytest.mark.parametrize(("entry", "target"), [(10_000, 9_000), (9_000, 10_000)])
def test_a_leg_is_worth_the_lower_of_entry_and_target(entry, target):
    assert leg_notional(TargetLeg(D(target), D("0.5")), D(entry)) == 4_500


WEIGHTS = {
    1: [("1",)],
    2: [("0.5", "0.5"), ("0.2", "0.8"), ("0.9", "0.1")],
    3: [
        ("0.6", "0.1", "0.3"),
        ("0.1", "0.3", "0.6"),
        ("0.5", "0.3", "0.2"),
        ("0.33", "0.33", "0.34"),
    ],
}
STEPS = st.integers(0, 40)


@st.composite
def split_cases(draw):
    count = draw(st.integers(1, 3))
    away = sorted(draw(st.lists(st.integers(1, 600), min_size=count, max_size=count)))
    sign = draw(st.sampled_from([1, -1]))
    weights = draw(st.sampled_from(WEIGHTS[count]))
    shares = tuple(Share(TOUCH + sign * a, D(w)) for a, w in zip(away, weights, strict=True))
    least, worth = draw(st.integers(1, 12)), draw(st.integers(0, 120))
    case = make_case(instrument__min_quantity=least * D("0.001"), instrument__min_notional=D(worth))
    return shares, case.instrument, sign


@settings(max_examples=300)
@given(given=split_cases(), steps=STEPS)
def test_legs_sum_exactly_lie_on_the_step_and_can_be_sent_unless_there_is_but_one(given, steps):
    shares, instrument, _ = given
    quantity = steps * D("0.001")
    kept, legs = split_targets(shares, instrument, TOUCH, quantity)
    assert sum(leg.quantity for leg in legs) == quantity
    assert sum(share.weight for share in kept) == 1
    assert all(leg.quantity % D("0.001") == 0 for leg in legs)
    assert {leg.price for leg in legs} <= {share.price for share in shares}
    if len(legs) > 1:
        assert all(leg.quantity >= instrument.min_quantity for leg in legs)
        assert all(leg_notional(leg, TOUCH) >= instrument.min_notional for leg in legs)


MIDDLE_SMALL = (
    (
        (Share(D(10_300), D("0.6")), Share(D(10_590), D("0.1")), Share(D(10_600), D("0.3"))),
        make_case(instrument__min_quantity=D("0.010"), instrument__min_notional=D(0)).instrument,
        1,
    ),
    30,
    5,
)


@settings(max_examples=300)
@given(given=split_cases(), steps=STEPS, more=STEPS)
@example(*MIDDLE_SMALL)
def test_a_larger_position_never_has_fewer_legs_nor_a_nearer_mean_target(given, steps, more):
    shares, instrument, sign = given
    small, _ = split_targets(shares, instrument, TOUCH, steps * D("0.001"))
    large, _ = split_targets(shares, instrument, TOUCH, (steps + more) * D("0.001"))
    assert len(small) <= len(large)
    assert Fraction(mean_target(small)) * sign <= Fraction(mean_target(large)) * sign


def test_a_leg_worth_exactly_the_least_is_sent():
    edge = {"instrument__min_notional": D(20), "instrument__min_quantity": D("0.002")}
    legs, _ = split("0.004", (10_200, "0.5"), (10_400, "0.5"), **edge)
    assert legs == [(10_200, D("0.002")), (10_400, D("0.002"))]
    edge["instrument__min_notional"] = D("20.01")
    assert split("0.004", (10_200, "0.5"), (10_400, "0.5"), **edge)[0] == [(10_200, D("0.004"))]


def test_of_two_ways_to_merge_a_short_takes_the_one_that_promises_more():
    three = ((9_800, "0.5"), (9_600, "0.25"), (9_400, "0.25"))
    legs, _ = split("0.008", *three, instrument__min_quantity=D("0.003"))
    assert legs == [(9_800, D("0.004")), (9_600, D("0.004"))]
