"""What the arithmetic may never do: lose more than the budget, or care for side, unit or width."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Level, OrderBook
from domain.numbers import floor_to_tick
from domain.plan import Target
from domain.verdict import Bracket
from policies.bracket import build_bracket
from policies.case import Case
from policies.gate import review
from policies.settings import Policy
from tests.policies.cases import NOW, D, edit
from tests.properties.generators import CASES, MID, SEEDS, TENSE, thrown

MANY = settings(max_examples=250)


def built(case: Case) -> Bracket:
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    return bracket


@MANY
@given(case=CASES | TENSE)
def test_the_loss_at_the_stop_stays_within_the_budget_after_rounding(case: Case):
    """Counted a second time, in fractions, from the book and the calendar."""
    bracket = build_bracket(case)
    if not isinstance(bracket, Bracket) or bracket.quantity <= 0:
        return
    quantity, fee = Fraction(bracket.quantity), Fraction(case.instrument.taker_fee_fraction)
    paid, stop = Fraction(_paid(case, bracket)), Fraction(bracket.stop_price)
    policy, atr = case.policy, case.market.atr
    assert atr is not None
    slip = max(stop * Fraction(policy.min_stop_slippage_bps) / 10_000,
               Fraction(atr * policy.stop_slippage_atr_ratio))  # fmt: skip
    sign = int(case.direction)
    loss = sign * (paid - stop * quantity) + fee * (paid + stop * quantity) + slip * quantity
    loss += paid * _funding(case)
    assert loss <= _budget(case) * (1 + Fraction(1, 10**24))
    assert bracket.quantity % case.instrument.quantity_step == 0
    assert sum(leg.quantity for leg in bracket.targets) == bracket.quantity


def _paid(case: Case, bracket: Bracket) -> Fraction:
    """Level by level; what a limit does not find waits at its price."""
    left, paid = Fraction(bracket.quantity), Fraction(0)
    tick, limit = case.instrument.price_tick, case.draft.entry
    if limit is not None:
        limit = floor_to_tick(limit, tick) if case.direction > 0 else -floor_to_tick(-limit, tick)
    for price, size in case.market.book.side(case.entry_side):
        if limit is not None and (price - limit) * case.direction > 0:
            break
        taken = min(left, Fraction(size))
        paid, left = paid + taken * Fraction(price), left - taken
    assert limit is not None or left == 0
    return paid + left * Fraction(limit or 0)


def _funding(case: Case) -> Fraction:
    """Payments counted one by one on the calendar."""
    funding = case.market.funding
    assert funding is not None
    rate, due, paid = funding.rate_fraction * case.direction, funding.next_at, 0
    while due <= case.decided_at + case.draft.horizon_bars * case.timeframe.delta:
        paid += due > case.market.now
        due += timedelta(hours=funding.interval_hours)
    return Fraction(max(rate, D(0))) * paid


def _budget(case: Case) -> Fraction:
    policy, volatility = case.policy, Fraction(case.market.realised_volatility)
    calm = min(Fraction(1), Fraction(policy.volatility_target_fraction) / volatility)
    full = Fraction(policy.full_size_confidence_fraction)
    sure = min(Fraction(1), Fraction(case.draft.confidence) / full) if full else 1
    return Fraction(case.account.equity) * Fraction(policy.risk_per_trade_fraction) * calm * sure


@MANY
@given(case=CASES | TENSE, extra=st.integers(1, 4000))
def test_a_wider_stop_never_buys_more(case: Case, extra: int):
    wider = edit(case, draft__invalidation=case.draft.invalidation - case.direction * extra / 10)
    near, far = review(case), review(wider)
    if near.approved and far.approved:
        assert far.bracket.quantity <= near.bracket.quantity


@MANY
@given(case=CASES, extras=st.lists(st.integers(0, 4000), min_size=2, max_size=4))
def test_in_a_deep_book_a_wider_stop_never_buys_more_approved_or_not(case: Case, extras: list[int]):
    sides = {"bids": (Level(MID - 1, D(5_000)),), "asks": (Level(MID + 1, D(5_000)),)}
    deep = edit(case, market__book=OrderBook(at=NOW, origin="venue", **sides))
    own, sizes = case.draft.invalidation, []
    for extra in sorted(extras):
        moved = edit(deep, draft__invalidation=own - case.direction * extra / 10)
        sizes.append(built(moved).quantity)
    assert sizes == sorted(sizes, reverse=True)


@MANY
@given(seed=SEEDS)
def test_long_and_short_are_mirror_images(seed: int):
    """Without what is reckoned from the price level, which a mirror cannot keep: fees, notional.

    Equity is so small against the ATR that the risk budget or the depth always decides the size.
    """
    case = thrown(seed, "long", plain=True)
    free = edit(
        case,
        market__atr=max(case.market.atr, D(60)),
        instrument__taker_fee_fraction=D(0),
        instrument__min_notional=D(0),
        policy=Policy(
            min_stop_slippage_bps=D(0),
            max_stop_fraction=D("0.2"),
            max_symbol_notional_fraction=D(2),
            max_correlated_exposure_fraction=D(3),
            max_net_exposure_fraction=D(3),
            max_gross_exposure_fraction=D(3),
            max_leverage_ratio=D(5),
            min_free_margin_fraction=D(0),
        ),
        market__funding__rate_fraction=D(0),
        account__equity=D(1_000),
        account__free=D(1_000_000),
    )
    bracket, mirrored = built(free), built(mirror(free))
    assert _close(bracket.entry_price - MID, MID - mirrored.entry_price)
    assert bracket.stop_price - MID == MID - mirrored.stop_price
    assert _close(bracket.risk_per_unit, mirrored.risk_per_unit)
    assert _close(bracket.reward_risk, mirrored.reward_risk)
    assert bracket.quantity == mirrored.quantity


def _close(one, other) -> bool:
    """Equal but for the last of 28 digits, in which an average price may be rounded."""
    return abs(one - other) < D("1e-18")


def mirror(case: Case) -> Case:
    def flip(price):
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


@MANY
@given(case=CASES | TENSE, power=st.integers(-6, 4))
def test_the_unit_of_price_does_not_matter(case: Case, power: int):
    plain, other = review(case), review(scaled(case, D(10) ** power, D(10) ** -power))
    assert plain.codes == other.codes
    if plain.bracket is not None:
        assert other.bracket is not None
        assert other.bracket.reward_risk == plain.bracket.reward_risk
        assert other.bracket.notional == plain.bracket.notional


def scaled(case: Case, price, quantity) -> Case:
    """The same money in coins of another size: prices times 10^n, quantities divided by it."""

    def levels(rows: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(Level(lv.price * price, lv.quantity * quantity) for lv in rows)

    plan, book, instrument = case.draft, case.market.book, case.instrument
    most = instrument.max_quantity
    return edit(
        case,
        decision_price=case.decision_price * price,
        draft__entry=None if plan.entry is None else plan.entry * price,
        draft__invalidation=plan.invalidation * price,
        draft__targets=tuple(Target(price=t.price * price, weight=t.weight) for t in plan.targets),
        instrument__price_tick=instrument.price_tick * price,
        instrument__quantity_step=instrument.quantity_step * quantity,
        instrument__min_quantity=instrument.min_quantity * quantity,
        instrument__max_quantity=None if most is None else most * quantity,
        market__last=case.market.last * price,
        market__last_close=case.market.last_close * price,
        market__atr=case.market.atr * price,
        market__book__bids=levels(book.bids),
        market__book__asks=levels(book.asks),
    )
