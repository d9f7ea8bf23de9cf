"""The worst entry price that each rule accepts is exactly where that rule begins to fire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.acceptable import liquidation_fraction, worst_entries, worst_price
from policies.bracket import build_bracket, target_shares
from policies.costs import costs_of
from policies.gate import review
from policies.pricing import price_entry, slippage_bps
from policies.rulebook import RULES
from policies.stop import place_stop
from tests.policies.cases import D, book, make_case
from tests.policies.edges import SPOT


def bounds(case):
    entry = price_entry(case, case.market.book)
    stop = place_stop(case, entry.touch)
    costs = costs_of(case, stop)
    shares = target_shares(case)
    return entry, costs, shares, list(worst_entries(case, entry, costs, shares))


def test_the_bounds_of_the_plain_case_by_hand():
    _, _, _, found = bounds(make_case())
    slippage, width, target, reward, in_atr, liquidation, collar = found
    assert slippage == 10_015
    assert width == D(9_800) / D("0.9")
    assert target == 10_600
    # (0.9995 x 10 600 - 1.5 x (5 - 0.9995 x 9 800)) / (2.5 x 1.0007)
    assert reward == D("25279.85") / D("2.50175")
    assert in_atr == 10_200
    # e x 0.495 = 1.5 (e - 9 800) + 100
    assert liquidation == D(14_600) / D("1.005")
    assert collar == 10_200


def test_a_short_mirrors_them():
    _, _, _, found = bounds(make_case("short"))
    slippage, width, target, reward, in_atr, liquidation, collar = found
    assert (slippage, target, in_atr, collar) == (9_985, 9_400, 9_800, 9_800)
    assert width == D(10_200) / D("1.1")
    assert reward < 10_000
    assert liquidation == D(15_400) / D("1.995")


def test_what_is_unknown_or_does_not_hold_here_bounds_nothing():
    assert len(bounds(make_case(**SPOT))[3]) == 6
    assert len(bounds(make_case(market__last_close=None))[3]) == 6
    case = make_case()
    entry, costs, shares, _ = bounds(case)
    blind = make_case(market__atr=None)
    assert len(list(worst_entries(blind, entry, costs, shares))) == 4
    dear = make_case("short", instrument__taker_fee_fraction=D(1))
    assert len(bounds(dear)[3]) == 6


def test_the_worst_price_is_the_nearest_bound_that_the_touch_does_not_fail():
    case = make_case()
    entry, costs, shares, _ = bounds(case)
    assert worst_price(case, entry, costs, shares) == 10_015
    # the touch fails the slippage already, so that it bounds nothing: no size would mend it
    wide = make_case(market__book=book("9980", "10020"))
    entry, costs, shares, _ = bounds(wide)
    assert worst_price(wide, entry, costs, shares) == D("25279.85") / D("2.50175")
    short = make_case("short")
    entry, costs, shares, _ = bounds(short)
    assert worst_price(short, entry, costs, shares) == 9_985


def test_a_touch_that_fails_every_rule_has_no_worst_price():
    case = make_case(market__book=book("10700", "10900"), account__leverage_ratio=D(20))
    entry, costs, shares, _ = bounds(case)
    assert worst_price(case, entry, costs, shares) is None


EDGES = [
    "slippage_is_bearable",
    "stop_is_within_price",
    "targets_are_on_their_side",
    "reward_is_worth_the_risk",
    "stop_is_within_atr",
    "liquidation_is_far",
    "price_is_within_the_collar",
]


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("name", EDGES)
def test_each_rule_fires_just_beyond_its_worst_entry(side, name):
    """The whole order fills a millionth on this side of the bound, and on the other."""
    case = make_case(side)
    bracket = build_bracket(case)
    entry, costs, shares, found = bounds(case)
    rule = next(rule for rule in RULES if rule.check.__name__ == name)
    for beyond in (D("-0.000001"), D("0.000001")):
        price = found[EDGES.index(name)] + case.direction * beyond
        moved = replace(
            bracket,
            entry_price=price,
            reward_risk=costs.reward_risk(price, shares),
            entry_slippage_bps=slippage_bps(case, entry, price),
        )
        assert rule.check(case, moved).passed is (beyond < 0)


def test_the_room_before_liquidation_is_that_of_leverage_and_maintenance():
    assert liquidation_fraction(make_case()) == D("0.495")
    assert liquidation_fraction(make_case(account__leverage_ratio=D(1))) == D("0.995")


def test_an_order_that_walks_is_kept_within_every_bound():
    asks = book(quantity="0.3").asks + book(ask="10019.9").asks
    verdict = review(make_case(market__book__asks=asks))
    assert verdict.approved
    assert verdict.bracket.entry_slippage_bps <= 15


@pytest.mark.parametrize(("side", "bound"), [("long", 11_000), ("short", 9_500)])
def test_the_venues_band_bounds_each_side_at_its_own_end(side, bound):
    ends = {"instrument__min_price_ratio": D("0.95"), "instrument__max_price_ratio": D("1.1")}
    _, _, _, found = bounds(make_case(side, **ends))
    assert (len(found), found[-1]) == (8, bound)
    assert len(bounds(make_case(side, **ends, market__last_close=None))[3]) == 6


@pytest.mark.parametrize(("leverage", "ratio"), [("0.5", 2), ("0.4", 2)])
def test_where_the_room_grows_faster_than_the_need_liquidation_bounds_nothing(leverage, ratio):
    """A slope of nothing, and one below it."""
    case = make_case(
        account__leverage_ratio=D(leverage),
        instrument__maintenance_margin_fraction=D(0),
        policy__min_liquidation_stop_ratio=D(ratio),
    )
    assert len(bounds(case)[3]) == 6
