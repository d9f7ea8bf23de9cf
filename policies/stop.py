"""Where the stop goes: beyond the plan's invalidation and beyond the market's noise.

The model names the price at which its thesis is wrong; the executor never puts the stop closer than
that, nor closer than the volatility and the spread allow, so that noise does not take it. It is
measured from the first price of the entry, so that it does not depend on the size.
"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO, ceil_to_tick, floor_to_tick
from policies.case import Case
from policies.facts import known


def place_stop(case: Case, touch: Decimal) -> Decimal | None:
    """The stop for an entry whose first price is `touch`, rounded to the tick away from it.

    Its distance is the largest of: touch to invalidation (an invalidation on the wrong side counts
    nothing and is denied by its own rule), `min_stop_atr_ratio` x ATR14, and
    `min_stop_spread_ratio` x spread. With `stop_mode = "strict"` it is the invalidation's alone,
    and a rule denies it where it is too tight. None without ATR.
    """
    least = least_distance(case)
    if least is None:
        return None
    wanted = (touch - case.draft.invalidation) * case.direction
    strict = case.policy.stop_mode == "strict" and wanted > ZERO
    distance = wanted if strict or wanted > least else least
    if case.draft.side == "long":
        return floor_to_tick(touch - distance, case.instrument.price_tick)
    return ceil_to_tick(touch + distance, case.instrument.price_tick)


def least_distance(case: Case) -> Decimal | None:
    """What noise asks of a stop, in quote: the larger of the ATR's and the spread's share."""
    atr = known(case.market.atr)
    if atr is None or not atr > ZERO:
        return None
    policy = case.policy
    return max(policy.min_stop_atr_ratio * atr, policy.min_stop_spread_ratio * spread(case))


def spread(case: Case) -> Decimal:
    """Best ask minus best bid in quote, negative when crossed; 0 where there is no book."""
    book = case.market.book
    if book is None or not (book.bids and book.asks):
        return ZERO
    return book.asks[0].price - book.bids[0].price
