"""Risk, reward and funding, against figures worked out by hand."""

from __future__ import annotations

from datetime import timedelta

from domain.plan import Target
from policies.bracket import target_shares
from policies.costs import (
    Share,
    funding_per_unit,
    nearest_target,
    reward_risk,
    risk_per_unit,
    stop_slippage,
)
from tests.policies.cases import NOW, D, make_case

SPOT = {"instrument__kind": "spot", "market__funding": None}


def test_risk_per_unit_is_distance_fees_slippage_and_funding():
    # 200 + 0.0005 x 10 000 + 0.0005 x 9 800 + 0.05 x 100 + 2 payments of 0.0001 x 10 000
    assert risk_per_unit(make_case(), D(10_000), D(9_800)) == D("216.9")


def test_reward_risk_is_net_on_both_sides():
    risk = D("216.9")
    # 600 - 5 - 5.3 - 2, over 216.9
    assert reward_risk(make_case(), D(10_000), risk, [Share(D(10_600), D(1))]) == D("587.7") / risk


def test_reward_is_weighted_over_the_targets():
    shares = [Share(D(10_200), D("0.5")), Share(D(10_600), D("0.5"))]
    # 400 - 5 - 0.0005 x 10 400 - 2
    assert reward_risk(make_case(), D(10_000), D(100), shares) == D("3.878")


def test_stop_slippage_is_the_larger_of_bps_and_atr():
    assert stop_slippage(make_case(), D(10_000)) == D(5)
    assert stop_slippage(make_case(market__atr=D(10)), D(10_000)) == D(2)
    assert stop_slippage(make_case(market__atr=None), D(10_000)) == D(2)


def test_funding_counts_the_payments_due_until_the_horizon():
    case = make_case()
    assert funding_per_unit(case, D(10_000)) == D(2)
    assert funding_per_unit(make_case(draft__horizon_bars=11), D(10_000)) == D(1)
    assert funding_per_unit(make_case(draft__horizon_bars=3), D(10_000)) == D(0)


def test_funding_already_paid_is_not_counted_again():
    case = make_case(market__funding__next_at=NOW - timedelta(hours=4))
    assert funding_per_unit(case, D(10_000)) == D(2)  # stamps at -4 h (paid), +4 h, +12 h


def test_a_funding_credit_never_counts():
    assert funding_per_unit(make_case("short"), D(10_000)) == 0
    paid = make_case("short", market__funding__rate_fraction=D("-0.0001"))
    assert funding_per_unit(paid, D(10_000)) == D(2)


def test_spot_and_absent_funding_cost_nothing_here():
    assert funding_per_unit(make_case(**SPOT), D(10_000)) == 0
    assert funding_per_unit(make_case(market__funding=None), D(10_000)) == 0


def test_the_nearest_target_passes_and_one_tick_nearer_does_not():
    for side, away in (("long", 1), ("short", -1)):
        case = make_case(side)
        needed = nearest_target(case, D(10_000), D("216.9"))
        assert needed is not None
        for ticks, passes in ((0, True), (-1, False)):
            price = needed + ticks * away * D("0.1")
            ratio = reward_risk(case, D(10_000), D("216.9"), [Share(price, D(1))])
            assert (ratio >= D("1.5")) is passes


def test_a_short_that_would_need_a_price_below_zero_has_no_nearest_target():
    assert nearest_target(make_case("short"), D(100), D(90)) is None


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
