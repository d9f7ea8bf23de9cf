"""Do entry, stop and targets stand in the right order, at a sensible distance?"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO, plain
from domain.verdict import Bracket, Finding
from policies.bracket import target_shares
from policies.case import Case, known
from policies.findings import compare, shown, unknown
from policies.stop import spread


def stop_is_on_its_side(case: Case, bracket: Bracket) -> Finding:
    """`STOP_WRONG_SIDE`: long: invalidation and stop < entry; short: above it; in quote.

    Measured at the executable entry, so that a price which has run through the invalidation in the
    meantime denies the plan.
    """
    invalidation, entry = case.draft.invalidation, bracket.entry_price
    passed = all(
        (entry - price) * case.direction > ZERO for price in (invalidation, bracket.stop_price)
    )
    side = "below" if case.draft.side == "long" else "above"
    sentence = (
        f"The invalidation is {plain(invalidation)} and the stop {plain(bracket.stop_price)}; "
        f"a {case.draft.side} needs both {side} its entry {_price(entry)}."
    )
    sign = "<" if side == "below" else ">"
    return Finding(
        "STOP_WRONG_SIDE", passed, plain(invalidation), f"{sign} {_price(entry)}", "price", sentence
    )


def targets_are_on_their_side(case: Case, bracket: Bracket) -> Finding:
    """`TARGET_WRONG_SIDE`: long: every target > entry; short: below it; in quote.

    Judged on the executable entry and on the targets rounded to the tick, all of the plan's, not
    only those that were left after merging small legs.
    """
    entry = bracket.entry_price
    nearest = target_shares(case)[0].price
    passed = (nearest - entry) * case.direction > ZERO
    side, sign = ("above", ">") if case.draft.side == "long" else ("below", "<")
    sentence = (
        f"The nearest target is {plain(nearest)}; a {case.draft.side} needs every target {side} "
        f"its entry {_price(entry)}."
    )
    return Finding(
        "TARGET_WRONG_SIDE", passed, plain(nearest), f"{sign} {_price(entry)}", "price", sentence
    )


def stop_is_beyond_noise(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_TIGHT`: d >= min_stop_atr_ratio x ATR14 and d >= min_stop_spread_ratio x spread.

    In quote; defaults 1 ATR and 3 spreads. The executor places the stop so; the rule proves it
    after rounding, and again on a bracket that comes from elsewhere.
    """
    atr, policy = known(case.market.atr), case.policy
    distance = (bracket.entry_price - bracket.stop_price) * case.direction
    if atr is None:
        return unknown("STOP_TOO_TIGHT", "ATR14", "> 0", "price")
    least = max(policy.min_stop_atr_ratio * atr, policy.min_stop_spread_ratio * spread(case))
    return compare("STOP_TOO_TIGHT", "stop distance", distance, ">=", least, "price")


def stop_is_within_atr(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_WIDE`: d / ATR14 <= max_stop_atr_ratio, ratio, default 4.

    Reason: a stop that volatility reaches only in days does not fit a plan of hours; the
    invalidation was drawn on another timeframe.
    """
    atr, limit = known(case.market.atr), case.policy.max_stop_atr_ratio
    distance = (bracket.entry_price - bracket.stop_price) * case.direction
    if atr is None or not atr > ZERO:
        return unknown("STOP_TOO_WIDE", "ATR14", "> 0", "price")
    ratio, reach = distance / atr, shown(atr * limit)
    hint = f"the invalidation would have to lie within {reach} of the entry"
    return compare(
        "STOP_TOO_WIDE", "stop distance in ATR14", ratio, "<=", limit, "ratio", hint=hint
    )


def stop_is_within_price(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_WIDE`: d / entry <= max_stop_fraction, fraction, default 0.10.

    Reason: beyond that the loss is a view on the asset, not a stop, and gaps decide it.
    """
    distance = (bracket.entry_price - bracket.stop_price) * case.direction
    share, limit = distance / bracket.entry_price, case.policy.max_stop_fraction
    what = "stop distance as a share of the entry price"
    return compare("STOP_TOO_WIDE", what, share, "<=", limit, "fraction")


def _price(value: Decimal) -> str:
    return shown(value, 10)
