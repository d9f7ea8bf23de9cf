"""Would the venue take orders of these prices and sizes? Rounded down, never up to a minimum."""

from __future__ import annotations

from domain.finding import Finding, Measured, Stated, shown
from domain.numbers import ZERO, floor_to_step, floor_to_tick, plain
from domain.strict_json import MAX_DIGITS
from domain.verdict import Bracket
from policies.case import Case
from policies.findings import compare
from policies.legs import leg_notional


def numbers_are_on_the_grid(case: Case, bracket: Bracket) -> Finding:
    """`PRECISION`: stop and targets on the tick, quantities on the step, legs sum to the quantity.

    A quantity has at most 18 digits. Reason: what the venue would round, it rounds its own way;
    and legs that sum to more than the position would turn it. (Knight Capital's loss of 2012 was
    child orders that did not match their parents.) Source: Binance's filters PRICE_FILTER and
    LOT_SIZE.
    """
    tick, step = case.instrument.price_tick, case.instrument.quantity_step
    prices = (bracket.stop_price, *(leg.price for leg in bracket.targets))
    sizes = (bracket.quantity, *(leg.quantity for leg in bracket.targets))
    off = [f"price {plain(p)}" for p in prices if floor_to_tick(p, tick) != p]
    off += [f"quantity {plain(q)}" for q in sizes if floor_to_step(q, step) != q]
    if len(bracket.quantity.normalize().as_tuple().digits) > MAX_DIGITS:
        off.append(f"quantity {plain(bracket.quantity)} of more than {MAX_DIGITS} digits")
    total = sum((leg.quantity for leg in bracket.targets), ZERO)
    if total != bracket.quantity:
        off.append(f"legs of {plain(total)} for a position of {plain(bracket.quantity)}")
    if not off:
        return Stated(
            "PRECISION", True, "on the grid", "on the grid", "All numbers are on the grid."
        )
    words = ", ".join(off)
    sentence = f"Off the tick {plain(tick)} or the step {plain(step)}: {words}."
    return Stated("PRECISION", False, words, "on the grid", sentence)


def quantity_is_above_minimum(case: Case, bracket: Bracket) -> Finding:
    """`QTY_BELOW_MIN`: every leg >= the venue's least quantity, at least one step; in base.

    Rounding up to the minimum would risk more than the budget allows, so a plan that is too small
    is denied. Legs were merged before; the smallest is measured. Reason: the venue refuses a
    smaller one, and a leg that cannot be sent guards nothing. Source: Binance's filter LOT_SIZE.
    """
    least = max(case.instrument.min_quantity, case.instrument.quantity_step)
    smallest = min(leg.quantity for leg in bracket.targets)
    found = compare("QTY_BELOW_MIN", "smallest leg", smallest, ">=", least, "base")
    return _explained(found, bracket)


def notional_is_above_minimum(case: Case, bracket: Bracket) -> Finding:
    """`MIN_NOTIONAL`: every leg x min(entry, target) >= the venue's least order value; in quote.

    Reason: the venue would reject the leg, and the position would lack a target. Source: Binance's
    filter MIN_NOTIONAL.
    """
    smallest = min(leg_notional(leg, bracket.entry_price) for leg in bracket.targets)
    limit, what = case.instrument.min_notional, "value of the smallest leg"
    return _explained(compare("MIN_NOTIONAL", what, smallest, ">=", limit, "quote"), bracket)


def quantity_is_below_maximum(case: Case, bracket: Bracket) -> Finding:
    """`QTY_ABOVE_MAX`: quantity <= the venue's largest order, in base; passes where it has none.

    Sizing stays below it; a size that was given elsewhere is judged as it stands. Reason: the
    venue refuses a larger one. Source: Binance's filter LOT_SIZE; EU 2017/589 (RTS 6), article 15:
    maximum order volume.
    """
    limit, quantity = case.instrument.max_quantity, bracket.judged_quantity
    if limit is None:
        sentence = "The venue states no largest order."
        return Stated("QTY_ABOVE_MAX", True, plain(quantity), "none", sentence, "base")
    return compare("QTY_ABOVE_MAX", "quantity", quantity, "<=", limit, "base")


def _explained(found: Measured, bracket: Bracket) -> Measured:
    if found.passed:
        return found
    bound = min(bracket.sizing, key=lambda step: step.quantity)
    allows = shown(bound.quantity)
    return found._replace(hint=f"the size is decided by {bound.name}, which allows {allows}")
