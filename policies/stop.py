"""Where the stop goes: beyond the plan's invalidation and beyond the market's noise.

The model names the price at which its thesis is wrong; the executor never puts the stop closer than
that, nor closer than the volatility and the spread allow, so that noise does not take it.
"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO, ceil_to_tick, floor_to_tick
from policies.case import Case, known


def place_stop(case: Case, entry_price: Decimal) -> Decimal | None:
    """The stop for an entry at `entry_price`, on the tick away from the entry; None without ATR.

    Its distance is the largest of: entry to invalidation (an invalidation on the wrong side counts
    nothing and is denied by its own rule), `min_stop_atr_ratio` x ATR14, and
    `min_stop_spread_ratio` x spread.
    """
    atr = known(case.market.atr)
    if atr is None or not atr > ZERO:
        return None
    policy, tick = case.policy, case.instrument.price_tick
    distance = max(
        (entry_price - case.draft.invalidation) * case.direction,
        policy.min_stop_atr_ratio * atr,
        policy.min_stop_spread_ratio * spread(case),
    )
    if case.draft.side == "long":
        return floor_to_tick(entry_price - distance, tick)
    return ceil_to_tick(entry_price + distance, tick)


def spread(case: Case) -> Decimal:
    """Best ask minus best bid in quote, negative when crossed; 0 where there is no book."""
    book = case.market.book
    if book is None or book.bid is None or book.ask is None:
        return ZERO
    return book.ask - book.bid
