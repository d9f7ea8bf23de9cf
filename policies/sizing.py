"""How much: the most that every limit on size allows, rounded down.

The model cannot say a quantity. Every bound is recorded, so that a reader sees which one decided.
Because the size is the largest that fits, a tighter limit can only make it smaller: no limit, drawn
tighter, turns a denial into an approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from domain.numbers import ONE, ZERO, ceil_to_tick, floor_to_step
from domain.strict_json import MAX_DIGITS
from domain.verdict import BoundName, SizeStep, TargetLeg
from policies.acceptable import worst_price
from policies.case import Case
from policies.costs import Costs, Share, held_risk
from policies.exposure import correlated_exposure, net_exposure, open_risk
from policies.facts import known
from policies.legs import split_targets
from policies.pricing import Entry, largest

DEPTH_WITHIN_BPS = Decimal(20)
"""How far from the mid the book is counted as depth."""
USUAL_TRADES = 20
"""Closed trades before their median says what is usual."""

INSIDE = 1 - Decimal("1e-20")
"""Keeps a size within its bounds whichever way the 28th digit of its average price was rounded."""
EXACT = frozenset({"depth", "venue_maximum"})
"""Bounds that are quantities themselves, not values walked back to one over the levels."""


class Sized(NamedTuple):
    """A quantity, how it is split over the targets, and the bounds that led to it."""

    quantity: Decimal
    """In base, a multiple of the step, never negative."""
    shares: tuple[Share, ...]
    legs: tuple[TargetLeg, ...]
    steps: tuple[SizeStep, ...]


def risk_fraction(case: Case) -> Decimal | None:
    """Share of equity that may be lost at the stop; None when volatility is unknown.

    `risk_per_trade_fraction` x min(1, target / realised volatility) x min(1, confidence /
    `full_size_confidence_fraction`): above the volatility target the budget shrinks in proportion,
    so that a wild market is not bet on as a calm one is, and doubt can only shrink it further.

    Source: volatility targeting as in Moreira and Muir, Volatility-Managed Portfolios (2017).
    """
    volatility = known(case.market.realised_volatility)
    if volatility is None or volatility < ZERO:
        return None
    policy, confidence = case.policy, case.draft.confidence
    budget, target = policy.risk_per_trade_fraction, policy.volatility_target_fraction
    if volatility > target:
        budget = budget * target / volatility
    if confidence < policy.full_size_confidence_fraction:
        budget = budget * confidence / policy.full_size_confidence_fraction
    return budget


def leverage_limit(case: Case) -> Decimal:
    """Gross notional over equity that this instrument allows: 1 for spot."""
    return ONE if case.spot else case.policy.max_leverage_ratio


def size_position(
    case: Case, entry: Entry, costs: Costs, targets: tuple[Share, ...]
) -> Sized | None:
    """The size for an entry, or the one that was given; None when there is no risk budget.

    A given size is split and judged, never changed. Otherwise small legs are merged first and the
    bound on the price is drawn for what is left, because merging costs reward: at most three turns.
    """
    fraction = risk_fraction(case)
    if fraction is None:
        return None
    steps = _bounds(case, entry, costs, fraction)
    if case.quantity is not None:
        given = SizeStep("given", case.quantity)
        return Sized(case.quantity, *_split(case, entry, targets, case.quantity), (*steps, given))
    averaged = min(step.quantity for step in steps if step.name not in EXACT)
    exact = min(step.quantity for step in steps if step.name in EXACT)
    quantity = _rounded(case, min(_inside(entry, averaged), exact))
    shares, legs = _split(case, entry, targets, quantity)
    while entry.takes and (priced := _within_price(case, entry, costs, shares)) is not None:
        step = SizeStep("price", priced)
        smaller = min(quantity, _rounded(case, _inside(entry, priced)))
        merged, legs = _split(case, entry, targets, smaller)
        if merged == shares or smaller == quantity:
            return Sized(smaller, merged, legs, (*steps, step))
        quantity, shares = smaller, merged
    return Sized(quantity, shares, legs, steps)


def smallest_order(case: Case, price: Decimal) -> Decimal:
    """The least quantity that the venue would take at this price, in base."""
    instrument = case.instrument
    worth = ceil_to_tick(instrument.min_notional / price, instrument.quantity_step)
    return max(instrument.min_quantity, instrument.quantity_step, worth)


def depth(case: Case) -> Decimal:
    """Quantity in base within 20 bps of the mid on the thinner side; 0 without a book.

    The thinner side, because the entry takes one side and its stop takes the other.
    """
    book = case.market.book
    if book is None:
        return ZERO
    return min(book.depth("buy", DEPTH_WITHIN_BPS), book.depth("sell", DEPTH_WITHIN_BPS))


def usual_notional(case: Case) -> Decimal | None:
    """Median entry value of the last 20 trades, in quote; None before there are 20."""
    recent = case.account.recent_notionals
    return median(recent) if len(recent) >= USUAL_TRADES else None


def _bounds(case: Case, entry: Entry, costs: Costs, fraction: Decimal) -> tuple[SizeStep, ...]:
    account, policy, levels = case.account, case.policy, entry.levels
    equity, slope, base = account.equity, costs.risk_slope, costs.risk_base
    steps = [SizeStep("risk_budget", largest(levels, slope, base, equity * fraction))]
    at_risk = open_risk(case)
    if at_risk is not None:
        left = equity * policy.max_open_risk_fraction - at_risk
        steps.append(SizeStep("open_risk", largest(levels, slope, base, left)))
    first_risk = None if case.standing is None else known(case.standing.risk_amount)
    if first_risk is not None:
        left = first_risk - held_risk(case, costs.stop, costs.stop_slippage)
        steps.append(SizeStep("replan", largest(levels, slope, base, left)))
    steps += [SizeStep(name, largest(levels, ONE, ZERO, room)) for name, room in _rooms(case)]
    per_quote = ONE / account.leverage_ratio + costs.fee
    free = account.free - equity * policy.min_free_margin_fraction
    steps.append(SizeStep("margin", largest(levels, per_quote, ZERO, free)))
    steps.append(SizeStep("depth", depth(case) * policy.max_depth_fraction))
    if case.instrument.max_quantity is not None:
        steps.append(SizeStep("venue_maximum", case.instrument.max_quantity))
    return tuple(steps)


def _rooms(case: Case) -> list[tuple[BoundName, Decimal]]:
    """What each limit on value leaves for this entry, in quote."""
    account, policy = case.account, case.policy
    equity, gross = account.equity, account.gross
    held = account.gross_of(case.instrument.symbol)
    net, correlated = net_exposure(case), correlated_exposure(case)
    rooms: list[tuple[BoundName, Decimal]] = [
        ("symbol_notional", equity * policy.max_symbol_notional_fraction - held),
        ("gross_exposure", equity * policy.max_gross_exposure_fraction - gross),
        ("net_exposure", equity * policy.max_net_exposure_fraction - net),
        ("correlated_exposure", equity * policy.max_correlated_exposure_fraction - correlated),
        ("leverage", equity * leverage_limit(case) - gross),
    ]
    turnover, usual = known(case.market.turnover_24h), usual_notional(case)
    if turnover is not None:
        rooms.append(("turnover", turnover * policy.max_turnover_fraction))
    if usual is not None:
        rooms.append(("usual_size", usual * policy.max_usual_size_ratio))
    return rooms


def _within_price(
    case: Case, entry: Entry, costs: Costs, shares: Sequence[Share]
) -> Decimal | None:
    """The largest quantity whose average price is acceptable; None where every one is."""
    worst = worst_price(case, entry, costs, shares)
    if worst is None or (entry.levels[-1].price - worst) * case.direction <= ZERO:
        return None
    return largest(entry.levels, case.direction, -case.direction * worst, ZERO)


def _split(
    case: Case, entry: Entry, targets: tuple[Share, ...], quantity: Decimal
) -> tuple[tuple[Share, ...], tuple[TargetLeg, ...]]:
    return split_targets(targets, case.instrument, entry.touch, quantity)


def _inside(entry: Entry, quantity: Decimal) -> Decimal:
    """A bound reckoned from an average over levels, which is rounded itself: a hair less."""
    return quantity * INSIDE if quantity > entry.levels[0].quantity else quantity


def _rounded(case: Case, quantity: Decimal) -> Decimal:
    """Down to the step, and to 18 digits; never negative."""
    step = case.instrument.quantity_step
    if not quantity > ZERO:
        return ZERO
    finer = quantity.adjusted() - step.adjusted() - MAX_DIGITS + 2
    return floor_to_step(quantity, step.scaleb(finer) if finer > 0 else step)
