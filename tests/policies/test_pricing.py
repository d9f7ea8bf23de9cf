"""What an entry would cost, and the most that fits a budget, held against counting it out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.book import Level
from policies.pricing import (
    ENDLESS,
    Entry,
    first_price,
    largest,
    limit_price,
    price_entry,
    slippage_bps,
)
from tests.policies.cases import D, book, draft, make_case

BOOK = book().model_copy(
    update={"asks": tuple(Level(D(p), D(1)) for p in (10_001, 10_003, 10_007))}
)


def test_the_price_of_a_quantity_is_the_average_of_the_levels_it_meets():
    entry = price_entry(make_case(), BOOK)
    assert (entry.touch, entry.mid, entry.takes, entry.origin) == (10_001, 10_000, True, "venue")
    assert [entry.price(D(q)) for q in ("0.5", 1, 2, "2.5")] == [10_001, 10_001, 10_002, 10_003]
    assert entry.price(D(3)) == entry.price(D(99)) == D(30_011) / 3


def test_a_market_entry_meets_the_other_side_and_a_limit_only_what_is_better():
    assert price_entry(make_case("short"), BOOK).levels == BOOK.bids
    crossing = price_entry(make_case(draft__entry=D(10_003)), BOOK)
    assert crossing.levels == (*BOOK.asks[:2], Level(D(10_003), ENDLESS))
    assert crossing.takes
    resting = price_entry(make_case(draft__entry=D(10_000)), BOOK)
    assert (resting.levels, resting.takes) == ((Level(D(10_000), ENDLESS),), False)
    short = price_entry(make_case(draft=draft("short", entry=D(9_999))), BOOK)
    assert (short.takes, short.touch) == (True, 9_999)


def test_a_limit_is_never_worse_than_what_the_model_said():
    assert limit_price(make_case()) is None
    assert limit_price(make_case(draft__entry=D("9990.57"))) == D("9990.5")
    assert limit_price(make_case(draft=draft("short", entry=D("10010.51")))) == D("10010.6")


def test_slippage_is_told_against_the_mid_and_is_a_cost_on_both_sides():
    long, short = make_case(), make_case("short")
    assert slippage_bps(long, price_entry(long, BOOK), D(10_005)) == 5
    assert slippage_bps(short, price_entry(short, BOOK), D(9_995)) == 5
    resting = make_case(draft__entry=D(10_000))
    assert slippage_bps(resting, price_entry(resting, BOOK), D(10_000)) == 0


@pytest.mark.parametrize(("budget", "quantity"), [
    (-1, 0), (0, 0), (5_000, "0.5"), (10_000, 1), (25_000, 2), (40_000, 3), (99_999, 3),
])  # fmt: skip
def test_the_largest_quantity_within_a_budget_by_hand(budget, quantity):
    levels = [Level(D(10_000), D(1)), Level(D(15_000), D(2))]
    assert largest(levels, D(1), D(0), D(budget)) == D(quantity)


def test_what_is_earned_on_the_first_levels_pays_for_the_later_ones():
    # 15 bps over 10 000 are 10 015: 14 on each of the first, 4.9 over on each of the next
    levels = [Level(D(10_001), D("0.4")), Level(D("10019.9"), D(200))]
    assert largest(levels, D(1), D(-10_015), D(0)) == D("0.4") + D("5.6") / D("4.9")
    assert largest(levels, D(1), D(-10_001), D(0)) == D("0.4")
    assert largest(levels, D(1), D(-10_000), D(0)) == 0
    assert largest(levels, D(1), D(-10_020), D(0)) == D("200.4")


PRICES = st.integers(1, 40)
BOOKS = st.lists(st.tuples(PRICES, st.integers(1, 30)), min_size=1, max_size=6)


@settings(max_examples=300)
@given(
    rows=BOOKS, falling=st.booleans(), slope=st.integers(-8, 8), base=st.integers(-150, 150),
    budget=st.integers(-20, 1500),
)  # fmt: skip
@example(rows=[(1, 1)], falling=False, slope=1, base=-1, budget=0)
def test_the_largest_quantity_is_exact_against_counting_it_out(rows, falling, slope, base, budget):
    """Counted in exact fractions at every point where the cost can cross the budget."""
    direction = -1 if falling else 1
    ordered = sorted(rows, key=lambda row: direction * row[0])
    slope = abs(slope) * direction  # worse prices never cost less
    levels = [Level(D(price), D(size)) for price, size in ordered]
    found = largest(levels, D(slope), D(base), D(budget))
    best = _counted_out(ordered, slope, base, budget)
    assert abs(Fraction(found) - best) < Fraction(1, 10**20)


def _counted_out(rows, slope, base, budget) -> Fraction:
    """The largest q up to which cost(q) never leaves the budget again."""
    quantity, cost, best = Fraction(0), Fraction(0), Fraction(0)
    if budget < 0:  # nothing is bought on credit, even where the first levels would earn it
        return best
    for price, size in rows:
        per_unit = Fraction(slope * price + base)
        if cost <= budget < cost + per_unit * size:
            return quantity + (budget - cost) / per_unit
        quantity, cost = quantity + size, cost + per_unit * size
        best = quantity if cost <= budget else best
    return best


@settings(max_examples=200)
@given(rows=BOOKS, asked=st.integers(1, 300))
def test_pricing_an_entry_is_walking_the_book(rows, asked):
    asks = tuple(Level(D(9_000 + price), D(size)) for price, size in sorted(rows))
    full = book().model_copy(update={"asks": asks})
    entry = Entry(asks, True, D(1), "venue")
    walked = full.walk("buy", D(asked))
    assert walked is not None
    assert entry.price(D(asked)) == walked.vwap


@pytest.mark.parametrize(("side", "limit", "first"), [
    ("long", None, 10_001), ("long", 9_990, 9_990), ("long", 10_001, 10_001),
    ("long", 10_005, 10_001), ("short", None, 9_999), ("short", 10_010, 10_010),
    ("short", 9_999, 9_999), ("short", 9_990, 9_999),
])  # fmt: skip
def test_the_first_price_is_the_books_or_a_better_limit(side, limit, first):
    case = make_case(side, draft__entry=None if limit is None else D(limit))
    assert first_price(case, case.market.book) == first
