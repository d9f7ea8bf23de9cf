"""How a position is split over its targets: whole steps, nothing lost, no leg too small to send."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.instrument import Instrument
from domain.numbers import ZERO, floor_to_step
from domain.verdict import TargetLeg
from policies.costs import Share


def split_targets(
    shares: tuple[Share, ...], instrument: Instrument, touch: Decimal, quantity: Decimal
) -> tuple[tuple[Share, ...], tuple[TargetLeg, ...]]:
    """Split `quantity` over the targets, nearest first; each floored, the remainder on the last.

    A leg below the venue's least quantity or notional could never be sent, so it is merged with its
    neighbour before approval. The merged leg keeps the nearer price: merging never flatters the
    reward. Whether legs are merged depends on each leg's own floor, not on the remainder, so that a
    larger position never has fewer legs.
    """
    if len(shares) == 1:
        return shares, (TargetLeg(shares[0].price, quantity),)
    merged, step = shares, instrument.quantity_step
    while True:
        small = [
            i
            for i, share in enumerate(merged)
            if _is_small(share, instrument, touch, floor_to_step(quantity * share.weight, step))
        ]
        if not small or len(merged) == 1:
            return merged, _legs(merged, step, quantity)
        near = max(small[-1] - 1, 0)
        pair = Share(merged[near].price, merged[near].weight + merged[near + 1].weight)
        merged = (*merged[:near], pair, *merged[near + 2 :])


def leg_notional(leg: TargetLeg, entry_price: Decimal) -> Decimal:
    """The leg's value at the lower of entry and target price, in quote."""
    return leg.quantity * min(entry_price, leg.price)


def _legs(shares: Sequence[Share], step: Decimal, quantity: Decimal) -> tuple[TargetLeg, ...]:
    legs = [TargetLeg(s.price, floor_to_step(quantity * s.weight, step)) for s in shares[:-1]]
    rest = quantity - sum((leg.quantity for leg in legs), ZERO)
    return (*legs, TargetLeg(shares[-1].price, rest))


def _is_small(share: Share, instrument: Instrument, touch: Decimal, quantity: Decimal) -> bool:
    worth = quantity * min(touch, share.price)
    return quantity < instrument.min_quantity or worth < instrument.min_notional
