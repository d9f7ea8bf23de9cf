"""The stop lies beyond invalidation, volatility and spread, on the tick away from the entry."""

from __future__ import annotations

import pytest

from policies.stop import place_stop, spread
from tests.policies.cases import D, book, draft, make_case

ENTRY = D(10_000)


def test_the_stop_is_the_invalidation_where_that_is_farther_than_the_noise():
    assert place_stop(make_case(), ENTRY) == D(9_800)
    assert place_stop(make_case("short"), ENTRY) == D(10_200)


def test_the_stop_is_an_atr_away_where_the_invalidation_is_closer():
    assert place_stop(make_case(draft__invalidation=D(9_990)), ENTRY) == D(9_900)
    short = make_case(draft=draft("short", invalidation=D(10_010)))
    assert place_stop(short, ENTRY) == D(10_100)


def test_the_stop_is_three_spreads_away_where_that_is_farthest():
    case = make_case(draft__invalidation=D(9_990), market__book=book("9950", "10050"))
    assert place_stop(case, ENTRY) == D(9_700)


def test_the_stop_is_rounded_to_the_tick_away_from_the_entry():
    assert place_stop(make_case(draft__invalidation=D("9799.97")), ENTRY) == D("9799.9")
    short = make_case(draft=draft("short", invalidation=D("10200.01")))
    assert place_stop(short, ENTRY) == D("10200.1")


def test_an_invalidation_on_the_wrong_side_leaves_the_stop_to_volatility():
    assert place_stop(make_case(draft__invalidation=D(11_000)), ENTRY) == D(9_900)


@pytest.mark.parametrize("atr", [None, D(0), D("NaN"), D(-1)])
def test_without_atr_there_is_no_stop(atr):
    assert place_stop(make_case(market__atr=atr), ENTRY) is None


def test_without_two_sides_there_is_no_spread_to_reckon_with():
    assert spread(make_case(market__book=None)) == 0
    assert spread(make_case(market__book__asks=())) == 0
    assert spread(make_case()) == 2
