"""Legs of a bracket: the plan's shares of the quantity, on the step, joined where too small."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle.placing import Placed
from tests.oracle.pricing import Leg, Targets
from tests.oracle.reading import floor


def misplaced_legs(placed: Placed) -> list[str]:
    """Legs have to add up, and stand at the plan's targets with the plan's shares.

    Where a share, rounded down, is too small for the venue, neighbouring targets may be joined at
    the nearest of them; where every share is large enough, none may.
    """
    legs, total, step = placed.legs, placed.quantity, placed.case.instrument.step
    if sum(leg.quantity for leg in legs) != total:
        return [f"MISSTATED legs: {legs} do not add up to {total}"]
    if total % step:
        return []
    allowed = [legs_of(groups, total, step) for groups in _partitions(placed.pricing.targets)]
    if legs not in allowed:
        return [f"MISSTATED legs: {legs} are no shares of {placed.pricing.targets}"]
    bare = [Leg(price, floor(weight * total, step)) for price, weight in placed.pricing.targets]
    if legs != allowed[0] and all(_fits(placed, leg) for leg in bare):
        return [f"MISSTATED legs: {legs} were joined without need"]
    return []


def shares_of(legs: list[Leg], targets: Targets, total: Fraction, step: Fraction) -> Targets:
    """Price and weight of each leg: the plan's weights of the targets it stands for."""
    for groups in _partitions(targets):
        if legs_of(groups, total, step) == legs:
            return [(group[0][0], sum(w for _, w in group)) for group in groups]
    return [(leg.price, leg.quantity / total if total else Fraction(1, len(legs))) for leg in legs]


def _fits(placed: Placed, leg: Leg) -> bool:
    instrument = placed.case.instrument
    large = leg.quantity >= max(instrument.min_quantity, instrument.step)
    return large and leg.quantity * min(placed.entry, leg.price) >= instrument.min_notional


def _partitions(targets: Targets) -> list[list[Targets]]:
    """Every way of joining neighbours, the one that joins none first."""
    if len(targets) == 1:
        return [[targets]]
    out: list[list[Targets]] = []
    for size in range(1, len(targets)):
        out += [[targets[:size], *rest] for rest in _partitions(targets[size:])]
    return [*out, [targets]]


def legs_of(groups: list[Targets], total: Fraction, step: Fraction) -> list[Leg]:
    """Each share is rounded down to the step; the last leg takes what is left."""
    legs = [Leg(g[0][0], floor(sum(w for _, w in g) * total, step)) for g in groups[:-1]]
    return [*legs, Leg(groups[-1][0][0], total - sum(leg.quantity for leg in legs))]
