"""The reference price is the middle of three, so that one broken feed cannot move it."""

from __future__ import annotations

from itertools import permutations

import pytest

from policies.reference import collar, reference_price
from tests.policies.cases import D, book, make_case


@pytest.mark.parametrize("prices", list(permutations((9_000, 10_000, 12_000))))
def test_the_middle_of_mid_last_and_last_close_is_taken(prices):
    mid, last, close = prices
    case = make_case(
        market__book=book(str(mid - 1), str(mid + 1)),
        market__last=D(last),
        market__last_close=D(close),
    )
    assert reference_price(case) == 10_000


@pytest.mark.parametrize("wild", ["0.01", "99999999"])
@pytest.mark.parametrize("feed", ["market__last", "market__last_close"])
def test_one_wild_feed_moves_it_no_farther_than_the_others(wild, feed):
    reference = reference_price(make_case(**{feed: D(wild)}))
    assert reference == 10_000


@pytest.mark.parametrize("changes", [
    {"market__book": None}, {"market__book__asks": ()}, {"market__last": None},
    {"market__last_close": None}, {"market__last": D("NaN")},
    {"market__last_close": D("Infinity")},
])  # fmt: skip
def test_without_all_three_there_is_none(changes):
    assert reference_price(make_case(**changes)) is None


def test_the_collar_is_the_narrower_of_its_two_bounds():
    assert collar(make_case(), D(10_000), D(100)) == D("0.02")
    assert collar(make_case(), D(10_000), D(50)) == D("0.01")
    assert collar(make_case(), D(10_000), D(5_000)) == D("0.02")
