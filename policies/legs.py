"""How a position is split over its targets: whole steps, nothing lost, no leg too small to send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from domain.instrument import Instrument
from domain.numbers import ZERO, floor_to_step
from domain.verdict import TargetLeg
from policies.costs import Share, mean_target


def split_targets(
    shares: tuple[Share, ...], instrument: Instrument, touch: Decimal, quantity: Decimal
) -> tuple[tuple[Share, ...], tuple[TargetLeg, ...]]:
    """Split `quantity` over the targets, nearest first; each floored, the remainder on the last.

    A leg below the venue's least quantity or notional could never be sent, so neighbours are merged
    before approval. A merged leg keeps the nearer price: merging never flatters the reward. Of the
    ways to merge that can be sent the one with the best mean target is taken, and a larger position
    has every way that a smaller one has, so that it never has a nearer mean. Where not even the
    whole can be sent, it is one leg, and its rule denies it.
    """
    best = None
    for merged in _mergers(shares):
        if all(_can_be_sent(share, instrument, touch, quantity) for share in merged):
            mean = abs(mean_target(merged) - shares[0].price)
            if best is None or mean > best[0]:
                best = mean, merged
    chosen = _merged(shares) if best is None else best[1]
    return chosen, _legs(chosen, instrument.quantity_step, quantity)


def _mergers(shares: tuple[Share, ...]) -> Iterator[tuple[Share, ...]]:
    """Every way to merge neighbours, none merged first."""
    if len(shares) == 1:
        yield shares
        return
    for rest in _mergers(shares[1:]):
        yield (shares[0], *rest)
    for rest in _mergers(shares[1:]):
        yield (Share(shares[0].price, shares[0].weight + rest[0].weight), *rest[1:])


def _merged(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    return (Share(shares[0].price, sum((share.weight for share in shares), ZERO)),)


def leg_notional(leg: TargetLeg, entry_price: Decimal) -> Decimal:
    """The leg's value at the lower of entry and target price, in quote."""
    return leg.quantity * min(entry_price, leg.price)


def _legs(shares: Sequence[Share], step: Decimal, quantity: Decimal) -> tuple[TargetLeg, ...]:
    legs = [TargetLeg(s.price, floor_to_step(quantity * s.weight, step)) for s in shares[:-1]]
    rest = quantity - sum((leg.quantity for leg in legs), ZERO)
    return (*legs, TargetLeg(shares[-1].price, rest))


def _can_be_sent(share: Share, instrument: Instrument, touch: Decimal, quantity: Decimal) -> bool:
    """Whether the leg's own floor can; the remainder that the last one gets does not count."""
    floor = floor_to_step(quantity * share.weight, instrument.quantity_step)
    worth = floor * min(touch, share.price)
    return floor >= instrument.min_quantity and worth >= instrument.min_notional
