"""Risk, reward and funding, against figures worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.plan import Target
from policies.bracket import target_shares
from policies.costs import Costs, Share, close_at, costs_of, funding_fraction, stop_slippage
from tests.policies.cases import NOW, D, make_case

SPOT = {"instrument__kind": "spot", "market__funding": None}
TICK = D("0.1")


def one(price, weight=1):
    return [Share(D(price), D(weight))]


def test_risk_is_distance_fees_slippage_and_funding():
    # 200 + 0.0005 x 10 000 + 0.0005 x 9 800 + 0.05 x 100 + 2 payments of 0.0001 x 10 000
    assert costs_of(make_case(), D(9_800)).risk(D(10_000)) == D("216.9")
    # 200 + 0.0005 x 10 000 + 0.0005 x 10 200 + 5, and the short is paid the funding
    assert costs_of(make_case("short"), D(10_200)).risk(D(10_000)) == D("215.1")


def test_reward_risk_is_net_on_both_sides():
    costs = costs_of(make_case(), D(9_800))
    # 600 - 5 - 5.3 - 2, over 216.9
    assert costs.reward_risk(D(10_000), one(10_600)) == D("587.7") / D("216.9")
    short = costs_of(make_case("short"), D(10_200))
    assert short.reward_risk(D(10_000), one(9_400)) == D("590.3") / D("215.1")


def test_reward_is_weighted_over_the_targets():
    shares = [Share(D(10_200), D("0.5")), Share(D(10_600), D("0.5"))]
    # 400 - 5 - 0.0005 x 10 400 - 2
    costs = costs_of(make_case(), D(9_800))
    assert costs.reward_risk(D(10_000), shares) == D("387.8") / D("216.9")


def test_stop_slippage_is_the_larger_of_bps_and_atr():
    assert stop_slippage(make_case(), D(10_000)) == D(5)
    assert stop_slippage(make_case(market__atr=D(10)), D(10_000)) == D(2)
    assert stop_slippage(make_case(market__atr=None), D(10_000)) == D(2)


def test_funding_counts_the_payments_due_until_the_horizon():
    assert funding_fraction(make_case()) == D("0.0002")
    assert funding_fraction(make_case(draft__horizon_bars=11)) == D("0.0001")
    assert funding_fraction(make_case(draft__horizon_bars=3)) == 0


def test_funding_already_paid_is_not_counted_again():
    case = make_case(market__funding__next_at=NOW - timedelta(hours=4))
    assert funding_fraction(case) == D("0.0002")  # stamps at -4 h (paid), +4 h, +12 h


def test_a_funding_credit_never_counts():
    assert funding_fraction(make_case("short")) == 0
    assert funding_fraction(make_case("short", market__funding__rate_fraction=D("-0.0001"))) == D(
        "0.0002"
    )


def test_spot_and_absent_funding_cost_nothing_here():
    assert funding_fraction(make_case(**SPOT)) == 0
    assert funding_fraction(make_case(market__funding=None)) == 0
    paying = make_case(instrument__kind="spot")
    assert funding_fraction(paying) == 0


def test_the_position_is_closed_after_its_horizon():
    assert close_at(make_case()) == NOW + timedelta(hours=12)


@pytest.mark.parametrize(("side", "stop", "entry", "away"), [
    ("long", 9_800, 10_000, 1), ("short", 10_200, 10_000, -1), ("long", 9_777, 9_999, 1),
    ("short", 10_333, 10_007, -1),
])  # fmt: skip
def test_the_nearest_target_passes_and_one_tick_nearer_does_not(side, stop, entry, away):
    costs = costs_of(make_case(side), D(stop))
    needed = costs.nearest_target(D(entry), D("1.5"), TICK)
    assert needed is not None
    for ticks, passes in ((0, True), (-1, False)):
        ratio = costs.reward_risk(D(entry), one(needed + ticks * away * TICK))
        assert (ratio >= D("1.5")) is passes


def test_a_short_that_would_need_a_price_below_zero_has_no_nearest_target():
    costs = costs_of(make_case("short"), D(190))
    assert costs.nearest_target(D(100), D("1.5"), TICK) is None


def test_a_division_that_rounds_down_does_not_offer_a_target_that_fails():
    # 3 / 1.1, rounded to 28 digits, lies below the true quotient: on a tick that fine it fails
    costs = Costs(D(-1), D(2), D("0.1"), D(0), D(0))
    tick = D("1e-27")
    needed = costs.nearest_target(D(1), D("0.5"), tick)
    assert needed is not None
    assert costs.reward_risk(D(1), one(needed)) >= D("0.5")


@pytest.mark.parametrize(("side", "stop", "target"), [
    ("long", 9_800, 10_600), ("short", 10_200, 9_400),
])  # fmt: skip
def test_at_the_worst_entry_the_reward_is_just_enough(side, stop, target):
    case = make_case(side)
    costs = costs_of(case, D(stop))
    worst = costs.worst_entry(D("1.5"), one(target))
    assert worst is not None
    for away, passes in ((-TICK, True), (TICK, False)):
        ratio = costs.reward_risk(worst + case.direction * away, one(target))
        assert (ratio >= D("1.5")) is passes


def test_costs_above_the_price_itself_leave_no_worst_entry():
    costs = costs_of(make_case("short", instrument__taker_fee_fraction=D(1)), D(10_200))
    assert costs.worst_entry(D("1.5"), one(9_400)) is None


def test_targets_are_rounded_toward_the_entry_and_sorted_nearest_first():
    targets = (
        Target(price=D("10900.05"), weight=D("0.4")),
        Target(price=D("10600.09"), weight=D("0.6")),
    )
    assert target_shares(make_case(draft__targets=targets)) == (
        Share(D("10600.0"), D("0.6")),
        Share(D("10900.0"), D("0.4")),
    )
    short = (
        Target(price=D("9100.01"), weight=D("0.4")),
        Target(price=D("9400.01"), weight=D("0.6")),
    )
    assert target_shares(make_case("short", draft__targets=short)) == (
        Share(D("9400.1"), D("0.6")),
        Share(D("9100.1"), D("0.4")),
    )


@pytest.mark.parametrize(("hours", "interval", "payments"), [
    (12, 24, 1), (13, 24, 0), (20, 8, 0), (12, 12, 1), (4, 8, 2), (0, 12, 1), (0, 13, 0),
])  # fmt: skip
def test_a_payment_counts_from_the_moment_it_falls_due(hours, interval, payments):
    """The horizon ends 12 h from now: a payment at that moment counts, one due now is paid."""
    case = make_case(
        market__funding__next_at=NOW + timedelta(hours=hours),
        market__funding__interval_hours=interval,
    )
    assert funding_fraction(case) == payments * D("0.0001")


@pytest.mark.parametrize(("direction", "stop", "target"), [(1, 90, 115), (-1, 110, 85)])
def test_a_target_on_the_tick_at_which_the_reward_is_just_enough_is_the_nearest(
    direction, stop, target
):
    costs = Costs(D(direction), D(stop), D(0), D(0), D(0))
    assert costs.nearest_target(D(100), D("1.5"), TICK) == target
