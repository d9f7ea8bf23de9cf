"""The smallest bound decides, every bound is recorded, and nothing is rounded up."""

from __future__ import annotations

import pytest

from domain.plan import Target
from domain.verdict import Bracket
from policies.bracket import build_bracket, target_shares
from policies.costs import costs_of
from policies.facts import Held, WorkingEntry
from policies.pricing import price_entry
from policies.sizing import depth, risk_fraction, size_position, smallest_order, usual_notional
from tests.policies.cases import D, book, make_case

WIDE = {
    "policy__max_symbol_notional_fraction": D(2),
    "policy__max_gross_exposure_fraction": D(3),
    "policy__max_net_exposure_fraction": D(3),
    "policy__max_correlated_exposure_fraction": D(3),
    "policy__max_leverage_ratio": D(5),
    "market__correlations": {"ETH/USDT": D(0)},
}


def held(symbol, quantity, risk=0):
    return {"account__positions": (Held(symbol, D(quantity), D(10_000), D(risk)),)}


def built(**changes) -> Bracket:
    bracket = build_bracket(make_case(**changes))
    assert isinstance(bracket, Bracket)
    return bracket


# The entry is 10 001 and the stop 9 800: a risk of 201 + 5.0005 + 4.9 + 5 + 2.0002 = 217.9007.
BOUNDS = [
    ("symbol_notional", "2.499", {}),
    ("risk_budget", "4.589", WIDE),
    ("risk_budget", "2.294", {**WIDE, "market__realised_volatility": D("0.8")}),
    ("open_risk", "0.458", {**WIDE, **held("ETH/USDT", 1, 3_900)}),
    ("gross_exposure", "0.999", {**WIDE, **held("ETH/USDT", -29)}),
    (
        "net_exposure",
        "0.999",
        {**WIDE, **held("ETH/USDT", 9), "policy__max_net_exposure_fraction": D(1)},
    ),
    ("correlated_exposure", "0.999", held("ETH/USDT", 4)),
    ("leverage", "0.999", {**WIDE, **held("ETH/USDT", -19), "policy__max_leverage_ratio": D(2)}),
    ("margin", "1.997", {"account__free": D(30_000)}),
    ("margin", "0.999", {"account__free": D(30_000), "account__leverage_ratio": D(1)}),
    ("depth", "2.0", {"market__book": book(quantity="20")}),
    ("turnover", "0.999", {"market__turnover_24h": D(1_000_000)}),
    ("usual_size", "0.749", {"account__recent_notionals": (D(2_500),) * 20}),
    ("venue_maximum", "2.4", {"instrument__max_quantity": D("2.4005")}),
    ("margin", "0", {"account__free": D(-5)}),
]


@pytest.mark.parametrize(("bound", "quantity", "changes"), BOUNDS)
def test_the_smallest_bound_decides(bound, quantity, changes):
    bracket = built(**changes)
    assert bracket.quantity == D(quantity)
    assert min(bracket.sizing, key=lambda step: step.quantity).name == bound


def test_every_bound_is_recorded_and_those_that_cannot_be_told_are_left_out():
    all_known = built(instrument__max_quantity=D(100), account__recent_notionals=(D(90_000),) * 20)
    names = [step.name for step in all_known.sizing]
    assert names == [
        "risk_budget", "open_risk", "symbol_notional", "gross_exposure", "net_exposure",
        "correlated_exposure", "leverage", "turnover", "usual_size", "margin", "depth",
        "venue_maximum",
    ]  # fmt: skip
    unknown = built(
        market__turnover_24h=None, account__positions=(Held("ETH/USDT", D(1), D(1), None),)
    )
    assert {step.name for step in unknown.sizing}.isdisjoint(
        {"turnover", "usual_size", "venue_maximum", "open_risk"}
    )


def test_a_calm_market_is_not_bet_on_more_than_the_budget():
    assert risk_fraction(make_case(market__realised_volatility=D("0.1"))) == D("0.01")
    assert risk_fraction(make_case(market__realised_volatility=D("0.8"))) == D("0.005")


def test_doubt_shrinks_the_budget_and_certainty_does_not_enlarge_it():
    full = {"policy__full_size_confidence_fraction": D("0.8")}
    budgets = [risk_fraction(make_case(**full, draft__confidence=D(c))) for c in ("0.4", "0.8", 1)]
    assert budgets == [D("0.005"), D("0.01"), D("0.01")]


@pytest.mark.parametrize("volatility", [None, D("NaN"), D("Infinity"), D(-1)])
def test_without_volatility_there_is_no_size(volatility):
    case = make_case(market__realised_volatility=volatility)
    entry = price_entry(case, book())
    assert size_position(case, entry, costs_of(case, D(9_800)), target_shares(case)) is None


def test_depth_is_that_of_the_thinner_side():
    thin_bids = make_case(market__book__bids=book(quantity="3").bids)
    assert depth(thin_bids) == D(3)
    assert depth(make_case(market__book=None)) == 0


def test_the_smallest_order_meets_quantity_step_and_value():
    assert smallest_order(make_case(instrument__min_notional=D(0)), D(10_000)) == D("0.001")
    assert smallest_order(make_case(instrument__min_quantity=D(2)), D(10_000)) == 2
    assert smallest_order(make_case(instrument__min_notional=D(25)), D(10_000)) == D("0.003")
    none = make_case(instrument__min_quantity=D(0), instrument__min_notional=D(0))
    assert smallest_order(none, D(10_000)) == D("0.001")


def test_what_is_usual_is_unknown_before_twenty_trades():
    assert usual_notional(make_case(account__recent_notionals=(D(5),) * 19)) is None
    rows = tuple(D(value) for value in range(20))
    assert usual_notional(make_case(account__recent_notionals=rows)) == D("9.5")


def test_a_working_entry_takes_room_as_a_position_does():
    working = (WorkingEntry("ETH/USDT", "buy", D(40_000), D(0)),)
    assert built(account__working_entries=working).quantity == D("0.999")


@pytest.mark.parametrize(("step", "quantity"), [
    ("1e-15", "2.499750024997500"),
    ("1e-16", "2.4997500249975002"),
    ("1e-17", "2.4997500249975002"),
    ("1e-18", "2.4997500249975002"),
    ("0.25", "2.25"),
])  # fmt: skip
def test_a_size_is_on_the_step_and_of_no_more_than_eighteen_digits(step, quantity):
    assert built(instrument__quantity_step=D(step)).quantity == D(quantity)


@pytest.mark.parametrize(("bids", "asks", "found"), [(20, 30, 20), (30, 20, 20), (0, 5, 0)])
def test_depth_is_counted_on_either_side(bids, asks, found):
    case = make_case(market__book__bids=book(quantity=str(bids)).bids,
                     market__book__asks=book(quantity=str(asks)).asks)  # fmt: skip
    assert depth(case) == found


def test_a_size_of_just_the_first_level_loses_no_step():
    asks = book(quantity="2").asks + book(ask="10012").asks
    assert built(market__book__asks=asks, instrument__max_quantity=D(2)).quantity == 2


def test_a_leg_that_a_smaller_size_merges_away_draws_the_bound_on_the_price_anew():
    """0.5 at 10 001, the rest at 10 012; merging the far target leaves less room in the price."""
    two = ((10_345, "0.9"), (10_495, "0.1"))
    changes = {
        "market__book__asks": book(quantity="0.5").asks + book(ask="10012").asks,
        "draft__targets": tuple(Target(price=D(p), weight=D(w)) for p, w in two),
    }
    whole = built(**changes)
    assert (whole.quantity, len(whole.targets)) == (D("1.822"), 2)
    merged = built(**changes, instrument__min_quantity=D("0.2"))
    assert (merged.quantity, len(merged.targets)) == (D("0.610"), 1)
    assert merged.reward_risk >= D("1.5")
    assert merged.quantity < whole.quantity
