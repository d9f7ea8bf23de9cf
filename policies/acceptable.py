"""The worst entry price that each rule would still accept, once the stop stands.

A larger order walks deeper into the book, and its price gets worse. The executor takes no more than
keeps the price acceptable, where a smaller order is acceptable at all; and a denial can say which
entry would have passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from domain.numbers import BPS, ONE, ZERO
from policies.case import Case
from policies.costs import Costs, Share
from policies.facts import known
from policies.pricing import Entry
from policies.reference import collar, reference_price


def worst_price(case: Case, entry: Entry, costs: Costs, shares: Sequence[Share]) -> Decimal | None:
    """The worst average price that passes every rule which the touch passes; None for no bound.

    A rule that even the touch fails is left out: no size mends it, and it denies the plan itself.
    """
    direction, worst = case.direction, None
    for bound in worst_entries(case, entry, costs, shares):
        if (bound - entry.touch) * direction < ZERO:
            continue
        if worst is None or (bound - worst) * direction < ZERO:
            worst = bound
    return worst


def worst_entries(
    case: Case, entry: Entry, costs: Costs, shares: Sequence[Share]
) -> Iterator[Decimal]:
    """Per rule on the entry price, the worst price that it accepts, in quote."""
    policy, direction = case.policy, case.direction
    yield entry.mid * (ONE + direction * policy.max_entry_slippage_bps / BPS)
    yield costs.stop / (ONE - direction * policy.max_stop_fraction)
    yield shares[0].price
    rewarding = costs.worst_entry(policy.min_reward_risk_ratio, shares)
    if rewarding is not None:
        yield rewarding
    atr, reference = known(case.market.atr), reference_price(case)
    if atr is not None:
        yield costs.stop + direction * policy.max_stop_atr_ratio * atr
        before = None if case.spot else _before_liquidation(case, costs, atr)
        if before is not None:
            yield before
    if reference is not None and atr is not None:
        yield reference * (ONE + direction * collar(case, reference, atr))
    band = _venues_band(case)
    if reference is not None and band is not None:
        yield reference * band


def _venues_band(case: Case) -> Decimal | None:
    instrument = case.instrument
    return instrument.max_price_ratio if case.direction > ZERO else instrument.min_price_ratio


def _before_liquidation(case: Case, costs: Costs, atr: Decimal) -> Decimal | None:
    """Where |e - liquidation| = ratio x d + 1 ATR; None where the distance outgrows what it needs.

    See `policies.rules.liquidation`.
    """
    ratio, room = case.policy.min_liquidation_stop_ratio, liquidation_fraction(case)
    slope = ratio - case.direction * room
    return (ratio * costs.stop - case.direction * atr) / slope if slope > ZERO else None


def liquidation_fraction(case: Case) -> Decimal:
    """Distance from entry to liquidation as a fraction of the entry price: 1/L - mmr."""
    return ONE / case.account.leverage_ratio - case.instrument.maintenance_margin_fraction
