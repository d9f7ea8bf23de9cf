"""How much: the smallest of what risk, exposure, margin and depth allow, rounded down.

The model cannot say a quantity. Every bound is recorded, so that a reader sees which one decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.instrument import Instrument
from domain.numbers import ONE, ZERO, floor_to_step
from domain.verdict import SizeStep, TargetLeg
from policies.case import Case, known
from policies.costs import Share

DEPTH_WITHIN_BPS = Decimal(20)
"""How far from the mid the book is counted as depth."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """A quantity and the bounds that led to it."""

    quantity: Decimal
    """In base, a multiple of the step, never negative."""
    steps: tuple[SizeStep, ...]

    @property
    def decisive(self) -> SizeStep:
        """The smallest bound; the first of equals."""
        return min(self.steps, key=lambda step: step.quantity)


def risk_fraction(case: Case) -> Decimal | None:
    """Share of equity that may be lost at the stop; None when volatility is unknown.

    `risk_per_trade_fraction` x min(1, target / realised volatility): above the target the budget
    shrinks in proportion, so that a wild market is not bet on as a calm one is.

    Source: volatility targeting as in Moreira and Muir, Volatility-Managed Portfolios (2017).
    """
    volatility = known(case.market.realised_volatility)
    if volatility is None or volatility < ZERO:
        return None
    budget, target = case.policy.risk_per_trade_fraction, case.policy.volatility_target_fraction
    return budget if volatility <= target else budget * target / volatility


def leverage_limit(case: Case) -> Decimal:
    """Gross notional over equity that this instrument allows: 1 for spot."""
    return ONE if case.instrument.kind == "spot" else case.policy.max_leverage_ratio


def size_position(case: Case, entry_price: Decimal, risk: Decimal) -> Sizing | None:
    """The quantity for an entry, `risk` being the loss per unit at its stop in quote (> 0).

    None when volatility is unknown: without it there is no budget.
    """
    fraction = risk_fraction(case)
    if fraction is None:
        return None
    account, policy = case.account, case.policy
    equity, gross = account.equity, account.gross_notional
    symbol_room = equity * policy.max_symbol_notional_fraction - account.symbol_notional(
        case.instrument.symbol
    )
    margin_per_unit = entry_price * (ONE / leverage_limit(case) + _fee(case))
    steps = (
        SizeStep("risk_budget", equity * fraction / risk),
        SizeStep("symbol_notional", symbol_room / entry_price),
        SizeStep(
            "gross_exposure", (equity * policy.max_gross_exposure_fraction - gross) / entry_price
        ),
        SizeStep("leverage", (equity * leverage_limit(case) - gross) / entry_price),
        SizeStep("margin", account.free / margin_per_unit),
        SizeStep("depth", depth(case) * policy.max_depth_fraction),
    )
    smallest = min(step.quantity for step in steps)
    quantity = floor_to_step(max(ZERO, smallest), case.instrument.quantity_step)
    return Sizing(quantity, steps)


def depth(case: Case) -> Decimal:
    """Quantity in base within 20 bps of the mid on the thinner side; 0 without a book.

    The thinner side, because the entry takes one side and its stop takes the other.
    """
    book = case.market.book
    if book is None:
        return ZERO
    return min(book.depth("buy", DEPTH_WITHIN_BPS), book.depth("sell", DEPTH_WITHIN_BPS))


def split_targets(
    shares: Sequence[Share], instrument: Instrument, entry_price: Decimal, quantity: Decimal
) -> tuple[tuple[Share, ...], tuple[TargetLeg, ...]]:
    """Split `quantity` over the targets, nearest first; each floored, the remainder on the last.

    A leg below the venue's least quantity or notional could never be sent, so it is merged with its
    neighbour before approval. The merged leg keeps the nearer price: merging never flatters the
    reward.
    """
    merged, step = tuple(shares), instrument.quantity_step
    if _below(TargetLeg(merged[0].price, quantity), instrument, entry_price):
        return merged, _legs(merged, step, quantity)  # the whole is too small: denied by its rule
    while True:
        legs = _legs(merged, step, quantity)
        small = [i for i, leg in enumerate(legs) if _below(leg, instrument, entry_price)]
        if not small:
            return merged, legs
        near = max(small[-1] - 1, 0)
        pair = Share(merged[near].price, merged[near].weight + merged[near + 1].weight)
        merged = (*merged[:near], pair, *merged[near + 2 :])


def _legs(shares: Sequence[Share], step: Decimal, quantity: Decimal) -> tuple[TargetLeg, ...]:
    legs = [TargetLeg(s.price, floor_to_step(quantity * s.weight, step)) for s in shares[:-1]]
    rest = quantity - sum((leg.quantity for leg in legs), ZERO)
    return (*legs, TargetLeg(shares[-1].price, rest))


def leg_notional(leg: TargetLeg, entry_price: Decimal) -> Decimal:
    """The leg's value at the lower of entry and target price, in quote."""
    return leg.quantity * min(entry_price, leg.price)


def _below(leg: TargetLeg, instrument: Instrument, entry_price: Decimal) -> bool:
    too_few = leg.quantity < instrument.min_quantity
    return too_few or leg_notional(leg, entry_price) < instrument.min_notional


def _fee(case: Case) -> Decimal:
    return case.instrument.taker_fee_fraction
