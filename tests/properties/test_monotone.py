"""Tightening any limit never turns a denial into an approval.

It holds by construction: the size is the largest that satisfies every limit, and every rule on the
price bounds it too. In `widen` mode `min_stop_atr_ratio` and `min_stop_spread_ratio` are no limits
on a plan but say where its stop is placed: a wider one makes another, smaller plan, which may pass
where the first did not. So these two are tightened in `strict` mode, where they judge.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Level, OrderBook
from domain.plan import Target
from policies.case import Case
from policies.gate import review
from policies.tightening import NUMBERS
from tests.policies.cases import NOW, D, make_case
from tests.properties.generators import CASES, TENSE, governed, thrown, tightened

PLACING = {"min_stop_atr_ratio", "min_stop_spread_ratio"}
SHARES = st.integers(1, 100)


def holds(case: Case, name: str, share: int) -> None:
    loose = governed(case, stop_mode="strict") if name in PLACING else case
    if review(tightened(loose, name, share)).approved:
        assert review(loose).approved, (name, share, review(loose).codes)


@settings(max_examples=12)
@pytest.mark.parametrize("name", NUMBERS)
@given(case=CASES | TENSE, share=SHARES)
def test_tightening_a_limit_never_turns_a_denial_into_an_approval(name, case, share):
    holds(case, name, share)


SIZING = [
    "risk_per_trade_fraction",
    "max_open_risk_fraction",
    "volatility_target_fraction",
    "full_size_confidence_fraction",
    "max_symbol_notional_fraction",
    "max_gross_exposure_fraction",
    "max_net_exposure_fraction",
    "max_correlated_exposure_fraction",
    "max_leverage_ratio",
    "min_free_margin_fraction",
    "max_depth_fraction",
    "max_turnover_fraction",
    "max_usual_size_ratio",
    "max_entry_slippage_bps",
]


@settings(max_examples=150)
@given(case=TENSE, name=st.sampled_from(SIZING), share=SHARES)
def test_a_smaller_size_is_never_a_better_plan(case, name, share):
    """The limits on size again, on plans whose price and reward are just at their own limits."""
    holds(case, name, share)


@settings(max_examples=150)
@given(case=TENSE, name=st.sampled_from(SIZING), share=SHARES)
def test_tightening_a_limit_never_buys_more(case, name, share):
    loose, tight = review(case), review(tightened(case, name, share))
    if loose.approved and tight.approved:
        assert tight.bracket.quantity <= loose.bracket.quantity


def asks(*rows: tuple[int, int]) -> OrderBook:
    levels = tuple(Level(D(price), D(quantity)) for price, quantity in rows)
    return OrderBook(at=NOW, origin="venue", bids=(Level(D(9_999), D(200)),), asks=levels)


def owning(equity: int) -> dict[str, object]:
    names = ("equity", "free", "day_start_equity", "peak_equity")
    return {f"account__{name}": D(equity) for name in names}


HARD = {
    "the venue's price band": make_case(
        market__book=asks((10_001, 1), (10_009, 200)), instrument__max_price_ratio=D("1.0003")
    ),
    "an average price that rounds up": make_case(
        market__book=asks((10_001, 1), (10_005, 200)), **owning(120_044)
    ),
    "legs that merge another way": make_case(
        draft__targets=(
            Target(price=D(10_330), weight=D("0.6")),
            Target(price=D(10_590), weight=D("0.1")),
            Target(price=D(10_600), weight=D("0.3")),
        ),
        instrument__min_quantity=D("0.5"),
        instrument__min_notional=D(0),
        policy__min_reward_risk_ratio=D("1.84"),
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_what_was_hard_before(name):
    for share in range(1, 100):
        holds(HARD[name], "max_symbol_notional_fraction", share)


def test_a_fine_step_denies_no_size_that_a_tighter_limit_allows():
    for share in range(1, 100):
        fine = make_case(instrument__quantity_step=D("1e-18"))
        holds(fine, "max_symbol_notional_fraction", share)


def test_a_fair_share_of_the_thrown_cases_is_approved():
    """Else the properties would hold of nothing."""
    for plain in (False, True):
        verdicts = [review(thrown(seed, plain=plain)) for seed in range(200)]
        assert 30 < sum(verdict.approved for verdict in verdicts) < 170
