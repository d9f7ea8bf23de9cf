"""Do entry, stop and targets stand in the right order, at a sensible distance?"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding, shown
from domain.numbers import ZERO, plain
from domain.verdict import Bracket
from policies.bracket import target_shares
from policies.case import Case
from policies.facts import known
from policies.findings import compare, unknown
from policies.pricing import first_price
from policies.stop import least_distance


def stop_is_on_its_side(case: Case, bracket: Bracket) -> Finding:
    """`STOP_WRONG_SIDE`: long: invalidation and stop < entry; short: above it; in quote.

    Measured at the executable entry and at the first price that it meets, so that a price which
    has run through the invalidation in the meantime denies the plan, however large the order is.
    Reason: a stop beyond the entry fires at once, or never. Source: own; models mix up the two
    sides.
    """
    invalidation, stop, book = case.draft.invalidation, bracket.stop_price, case.market.book
    nearest = max(invalidation, stop) if case.direction > ZERO else min(invalidation, stop)
    entry = bracket.entry_price
    if book is not None and book.side(case.entry_side):
        first = first_price(case, book)
        entry = min(entry, first) if case.direction > ZERO else max(entry, first)
    what, distance = "distance from the stop to the entry", (entry - nearest) * case.direction
    found = compare("STOP_WRONG_SIDE", what, distance, ">", ZERO, "price")
    if found.passed:
        return found
    side = "below" if case.draft.side == "long" else "above"
    return found._replace(
        hint=f"the invalidation is {plain(invalidation)} and the stop {plain(stop)}, and a "
        f"{case.draft.side} needs both {side} its entry {shown(entry, 10)}"
    )


def targets_are_on_their_side(case: Case, bracket: Bracket) -> Finding:
    """`TARGET_WRONG_SIDE`: long: every target > entry; short: below it; in quote.

    Judged on the executable entry and on the targets rounded to the tick, all of the plan's, not
    only those that were left after merging small legs. Reason: such a target fills at once, at a
    loss. Source: own; models mix up the two sides.
    """
    nearest, entry = target_shares(case)[0].price, bracket.entry_price
    what, distance = (
        "distance from the entry to the nearest target",
        (nearest - entry) * case.direction,
    )
    found = compare("TARGET_WRONG_SIDE", what, distance, ">", ZERO, "price")
    if found.passed:
        return found
    side = "above" if case.draft.side == "long" else "below"
    return found._replace(
        hint=f"the target is {plain(nearest)}, and a {case.draft.side} needs every target {side} "
        f"its entry {shown(entry, 10)}"
    )


def stop_is_beyond_noise(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_TIGHT`: d >= min_stop_atr_ratio x ATR14 and d >= min_stop_spread_ratio x spread.

    In quote; defaults 1 ATR and 3 spreads. With `stop_mode = "widen"` the executor places the stop
    so, and the rule proves it after rounding; with `strict` the plan's own stop has to be so.
    Reason: a stop within the usual movement is hit by nothing but noise. Source: J. W. Wilder, New
    Concepts in Technical Trading Systems, 1978 (ATR).
    """
    least = least_distance(case)
    if least is None:
        return unknown("STOP_TOO_TIGHT", "ATR14", ">", ZERO, "price")
    return compare(
        "STOP_TOO_TIGHT", "stop distance", _distance(case, bracket), ">=", least, "price"
    )


def stop_is_within_atr(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_WIDE`: d / ATR14 <= max_stop_atr_ratio, ratio, default 4.

    Reason: a stop that volatility reaches only in days does not fit a plan of hours; the
    invalidation was drawn on another timeframe. Source: own.
    """
    atr, limit, code = known(case.market.atr), case.policy.max_stop_atr_ratio, "STOP_TOO_WIDE"
    if atr is None or not atr > ZERO:
        return unknown(code, "ATR14", ">", ZERO, "price")
    ratio = _distance(case, bracket) / atr
    found = compare(code, "stop distance in ATR14", ratio, "<=", limit, "ratio")
    reach = "the invalidation would have to lie within {} of the entry"
    return found if found.passed else found._replace(hint=reach.format(shown(atr * limit)))


def stop_is_within_price(case: Case, bracket: Bracket) -> Finding:
    """`STOP_TOO_WIDE`: d / entry <= max_stop_fraction, fraction, default 0.10.

    Reason: beyond that the loss is a view on the asset, not a stop, and gaps decide it. Source:
    own.
    """
    share, limit = _distance(case, bracket) / bracket.entry_price, case.policy.max_stop_fraction
    what = "stop distance as a share of the entry price"
    return compare("STOP_TOO_WIDE", what, share, "<=", limit, "fraction")


def _distance(case: Case, bracket: Bracket) -> Decimal:
    return (bracket.entry_price - bracket.stop_price) * case.direction
