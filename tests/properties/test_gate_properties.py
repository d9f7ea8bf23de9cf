"""What holds for every case, not only for the ones somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Level, OrderBook
from domain.plan import Target
from domain.verdict import Approved, Bracket, Denied
from policies.bracket import build_bracket
from policies.case import Case
from policies.costs import nearest_target
from policies.gate import RULES, review
from policies.settings import Policy
from policies.sizing import risk_fraction
from tests.policies.cases import NOW, D, draft, edit, make_case

MID = D(10_000)
FEW = settings(max_examples=150, deadline=None)
SHARES = st.decimals(0, 1, places=2)


def numbers(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


def often(
    usual: tuple[str, str], odd: tuple[str, str], places: int = 1
) -> st.SearchStrategy[Decimal]:
    """Mostly from the usual range, so that a fair share of the cases is approved."""
    return st.integers(0, 7).flatmap(lambda die: numbers(*(odd if die == 0 else usual), places))


@st.composite
def books(draw: st.DrawFn, widest: str) -> OrderBook:
    def side(direction: int) -> tuple[Level, ...]:
        steps = draw(st.lists(numbers("0.1", widest, 1), min_size=1, max_size=4))
        prices = [MID]
        for step in steps:
            prices.append(prices[-1] + direction * step)
        return tuple(Level(price, draw(numbers("0.1", "300", 1))) for price in prices[1:])

    return OrderBook(at=NOW, origin="venue", bids=side(-1), asks=side(1))


@st.composite
def cases(draw: st.DrawFn, side: str | None = None, widest: str = "8") -> Case:
    side = side or draw(st.sampled_from(["long", "short"]))
    sign = 1 if side == "long" else -1
    reach = sorted(draw(st.lists(often(("600", "2500"), ("-50", "600")), min_size=1, max_size=3)))
    weights = {1: ["1"], 2: ["0.35", "0.65"], 3: ["0.5", "0.3", "0.2"]}[len(reach)]
    entry = draw(st.none() | numbers("-60", "20", 1))
    plan = draft(
        side,
        entry=None if entry is None else MID + sign * entry,
        targets=tuple(
            Target(price=MID + sign * r, weight=D(w)) for r, w in zip(reach, weights, strict=True)
        ),
        invalidation=MID - sign * draw(often(("10", "300"), ("-50", "600"))),
        horizon_bars=draw(st.integers(1, 60)),
        confidence=draw(often(("0.6", "1"), ("0.4", "1"), places=2)),
    )
    return make_case(
        side,
        draft=plan,
        market__book=draw(books(widest)),
        market__atr=draw(often(("100", "200"), ("1", "300"))),
        market__realised_volatility=draw(numbers("0.05", "2")),
        market__funding__rate_fraction=draw(
            often(("-0.0005", "0.0005"), ("-0.004", "0.004"), places=5)
        ),
        market__last=MID + draw(often(("-20", "20"), ("-40", "40"))),
        account__equity=(equity := draw(often(("5000", "300000"), ("0", "3000"), places=0))),
        account__day_start_equity=equity * draw(often(("1", "1.01"), ("1", "1.05"), places=3)),
        account__free=draw(often(("5000", "300000"), ("0", "3000"), places=0)),
        instrument__taker_fee_fraction=draw(numbers("0", "0.002", 4)),
        policy__max_symbol_notional_fraction=draw(numbers("0.1", "2")),
    )


TIGHTER = {
    "risk_per_trade_fraction": "0.001",
    "min_reward_risk_ratio": "4",
    "min_confidence_fraction": "0.9",
    "max_stop_atr_ratio": "1.2",
    "max_stop_fraction": "0.01",
    "max_symbol_notional_fraction": "0.05",
    "max_gross_exposure_fraction": "0.05",
    "max_leverage_ratio": "1",
    "max_spread_bps": "1",
    "max_entry_slippage_bps": "1",
    "max_depth_fraction": "0.001",
    "max_decision_slippage_bps": "3",
    "max_decision_slippage_atr_ratio": "0.01",
    "max_funding_rate_8h_fraction": "0.0001",
    "max_funding_cost_stop_fraction": "0.001",
}
"""Limits on the plan as it stands. (`min_stop_atr_ratio` and `volatility_target_fraction` move the
bracket itself, and those in `SIZING` make a smaller order, which may cost less: another plan.)"""
SIZING = {name for name in TIGHTER if "symbol" in name or "gross" in name or "leverage" in name}
SIZING |= {"risk_per_trade_fraction", "max_depth_fraction"}


@FEW
@given(case=cases(), name=st.sampled_from(sorted(set(TIGHTER) - SIZING)), share=SHARES)
def test_tightening_a_limit_never_turns_a_denial_into_an_approval(
    case: Case, name: str, share: Decimal
):
    tight = tightened(case.policy, name, share)
    if review(replace(case, policy=tight)).approved:
        assert review(case).approved


@FEW
@given(case=cases(), name=st.sampled_from(sorted(SIZING)), share=SHARES)
def test_tightening_a_size_limit_never_buys_more(case: Case, name: str, share: Decimal):
    tight = tightened(case.policy, name, share)
    loose, small = build_bracket(case), build_bracket(replace(case, policy=tight))
    assert isinstance(loose, Bracket)
    assert isinstance(small, Bracket)
    assert small.quantity <= loose.quantity


def tightened(policy: Policy, name: str, share: Decimal) -> Policy:
    """The policy with one limit moved `share` of the way to its tight value, never loosened."""
    now, tight = getattr(policy, name), D(TIGHTER[name])
    tight = max(now, tight) if name.startswith("min") else min(now, tight)
    return policy.model_copy(update={name: now + (tight - now) * share})


def test_a_fair_share_of_the_generated_cases_is_approved():
    """Else the properties above would hold of nothing."""
    approved = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(case=cases())
    def count(case: Case) -> None:
        approved.append(review(case).approved)

    count()
    assert 0.1 < sum(approved) / len(approved) < 0.9


@FEW
@given(case=cases())
def test_the_loss_at_the_stop_stays_within_the_budget_after_rounding(case: Case):
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    entry, stop, fee = bracket.entry_price, bracket.stop_price, case.instrument.taker_fee_fraction
    walked = case.market.book.walk(bracket.entry_side, bracket.quantity or D(1))
    if case.draft.entry is None and bracket.quantity:
        assert (entry - walked.vwap) * case.direction >= D("-1e-18")  # never priced too well
    loss = abs(entry - stop) + fee * (entry + stop) + bracket.stop_slippage
    budget = case.account.equity * risk_fraction(case)
    assert loss * bracket.quantity <= budget
    assert bracket.quantity >= 0
    assert bracket.quantity % case.instrument.quantity_step == 0
    assert sum(leg.quantity for leg in bracket.targets) == bracket.quantity


@FEW
@given(case=cases(), farther=st.lists(numbers("0", "400", 1), min_size=2, max_size=4))
def test_a_wider_stop_never_buys_more(case: Case, farther: list[Decimal]):
    deep = OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D(9_999), D(5_000)),),
        asks=(Level(D(10_001), D(5_000)),),
    )
    quantities = []
    for extra in sorted(farther):
        wider = case.draft.invalidation - case.direction * extra
        bracket = build_bracket(edit(case, market__book=deep, draft__invalidation=wider))
        assert isinstance(bracket, Bracket)
        quantities.append(bracket.quantity)
    assert all(later <= earlier for earlier, later in pairwise(quantities))


@FEW
@given(case=cases(), seed=st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_the_rules(case: Case, seed):
    shuffled = list(RULES)
    seed.shuffle(shuffled)
    first, second = review(case), review(case, shuffled)
    assert sorted(map(repr, first.findings)) == sorted(map(repr, second.findings))
    assert (first.approved, first.bracket) == (second.approved, second.bracket)


@FEW
@given(case=cases())
def test_the_same_case_gives_the_same_verdict_and_never_raises(case: Case):
    verdict = review(case)
    assert repr(verdict) == repr(review(case))
    assert isinstance(verdict, Approved | Denied)
    assert "CONTROL_ERROR" not in verdict.codes
    assert verdict.approved == all(finding.passed for finding in verdict.findings)


@FEW
@given(case=cases(side="long", widest="4"))
def test_long_and_short_are_mirror_images(case: Case):
    """Without what is reckoned from the price level, which a mirror cannot keep: fees, notional.

    Equity is so small against the ATR that the risk budget or the depth always decides the size.
    """
    free = edit(
        case,
        instrument__taker_fee_fraction=D(0),
        policy=Policy(
            min_stop_slippage_bps=D(0),
            max_stop_fraction=D("0.2"),
            max_symbol_notional_fraction=D(2),
            max_gross_exposure_fraction=D(3),
            max_leverage_ratio=D(5),
        ),
        market__funding__rate_fraction=D(0),
        account__equity=D(1_000),
        market__atr=max(case.market.atr, D(60)),
        account__free=D(1_000_000),
    )
    bracket, mirrored = build_bracket(free), build_bracket(mirror(free))
    assert isinstance(bracket, Bracket)
    assert isinstance(mirrored, Bracket)
    assert close(bracket.entry_price - MID, MID - mirrored.entry_price)
    assert bracket.stop_price - MID == MID - mirrored.stop_price
    assert close(bracket.risk_per_unit, mirrored.risk_per_unit)
    assert close(bracket.reward_risk, mirrored.reward_risk)
    assert bracket.quantity == mirrored.quantity


def close(one: Decimal, other: Decimal) -> bool:
    """Equal but for the last of 28 digits, in which an average price may be rounded."""
    return abs(one - other) < D("1e-18")


def mirror(case: Case) -> Case:
    def flip(price: Decimal) -> Decimal:
        return 2 * MID - price

    book, plan = case.market.book, case.draft
    return edit(
        case,
        market__book__bids=tuple(Level(flip(lv.price), lv.quantity) for lv in book.asks),
        market__book__asks=tuple(Level(flip(lv.price), lv.quantity) for lv in book.bids),
        market__last=flip(case.market.last),
        draft__side="short",
        draft__entry=None if plan.entry is None else flip(plan.entry),
        draft__invalidation=flip(plan.invalidation),
        draft__targets=tuple(Target(price=flip(t.price), weight=t.weight) for t in plan.targets),
    )


@FEW
@given(case=cases(), power=st.integers(-6, 4))
def test_the_unit_of_price_does_not_matter(case: Case, power: int):
    plain, scaled = review(case), review(scale(case, D(10) ** power, D(10) ** -power))
    assert plain.codes == scaled.codes
    assert plain.bracket is not None
    assert scaled.bracket is not None
    assert scaled.bracket.reward_risk == plain.bracket.reward_risk
    assert scaled.bracket.notional == plain.bracket.notional


def scale(case: Case, price: Decimal, quantity: Decimal) -> Case:
    """The same money in coins of another size: prices times 10^n, quantities divided by it."""

    def levels(rows: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(Level(lv.price * price, lv.quantity * quantity) for lv in rows)

    plan, book, instrument = case.draft, case.market.book, case.instrument
    return edit(
        case,
        decision_price=case.decision_price * price,
        draft__entry=None if plan.entry is None else plan.entry * price,
        draft__invalidation=plan.invalidation * price,
        draft__targets=tuple(Target(price=t.price * price, weight=t.weight) for t in plan.targets),
        instrument__price_tick=instrument.price_tick * price,
        instrument__quantity_step=instrument.quantity_step * quantity,
        instrument__min_quantity=instrument.min_quantity * quantity,
        market__last=case.market.last * price,
        market__atr=case.market.atr * price,
        market__book__bids=levels(book.bids),
        market__book__asks=levels(book.asks),
    )


@FEW
@given(case=cases())
def test_the_nearest_target_passes_and_a_tick_less_does_not(case: Case):
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    needed = nearest_target(case, bracket.entry_price, bracket.risk_per_unit)
    assert needed is not None
    tick = case.direction * case.instrument.price_tick
    for price, passes in ((needed, True), (needed - tick, False)):
        verdict = review(edit(case, draft__targets=(Target(price=price),)))
        assert ("RR_BELOW_MIN" not in verdict.codes) is passes
