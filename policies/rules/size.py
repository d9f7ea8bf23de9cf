"""Would the venue take an order of this size? Sizes are rounded down, never up to a minimum."""

from __future__ import annotations

from domain.numbers import plain
from domain.verdict import Bracket, Finding
from policies.case import Case
from policies.findings import compare, shown, stated
from policies.sizing import leg_notional


def quantity_is_above_minimum(case: Case, bracket: Bracket) -> Finding:
    """`QTY_BELOW_MIN`: every leg >= the venue's least quantity, at least one step; in base.

    Rounding up to the minimum would risk more than the budget allows, so a plan that is too small
    is denied. Legs were merged before; the smallest is measured.
    """
    least = max(case.instrument.min_quantity, case.instrument.quantity_step)
    smallest = min(leg.quantity for leg in bracket.targets)
    return compare(
        "QTY_BELOW_MIN", "smallest leg", smallest, ">=", least, "base", hint=_decided_by(bracket)
    )


def notional_is_above_minimum(case: Case, bracket: Bracket) -> Finding:
    """`MIN_NOTIONAL`: every leg x min(entry, target) >= the venue's least order value; in quote."""
    smallest = min(leg_notional(leg, bracket.entry_price) for leg in bracket.targets)
    limit, what = case.instrument.min_notional, "value of the smallest leg"
    return compare("MIN_NOTIONAL", what, smallest, ">=", limit, "quote", hint=_decided_by(bracket))


def quantity_is_below_maximum(case: Case, bracket: Bracket) -> Finding:
    """`QTY_ABOVE_MAX`: quantity <= the venue's largest order, in base; passes where it has none.

    Not cut down silently: a size of this kind says that a limit above is set wrongly.
    """
    limit, quantity = case.instrument.max_quantity, bracket.quantity
    if limit is None:
        return stated(
            "QTY_ABOVE_MAX", True, plain(quantity), "none", "The venue states no largest order."
        )
    return compare("QTY_ABOVE_MAX", "quantity", quantity, "<=", limit, "base")


def _decided_by(bracket: Bracket) -> str:
    bound = min(bracket.sizing, key=lambda step: step.quantity)
    return f"the size is decided by {bound.name}, which allows {shown(bound.quantity)}"
