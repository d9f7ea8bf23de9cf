"""What an entry of any size would cost: the prices it would meet, level by level.

A market entry meets the book; a limit entry meets what the book offers up to its limit and rests
there with the remainder. Cost grows with size only in steps of constant price, so the largest size
within a budget is found exactly, not by trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from domain.book import BookOrigin, Level, OrderBook
from domain.numbers import BPS, ZERO, ceil_to_tick, floor_to_tick
from policies.case import Case

ENDLESS = Decimal("1e15")
"""Quantity of the last level of a resting limit; more than any order."""


class Entry(NamedTuple):
    """The prices an entry would meet."""

    levels: tuple[Level, ...]
    """From the best price on; never empty."""
    takes: bool
    """True when it takes liquidity at once, wholly or in part."""
    mid: Decimal
    """Mean of best bid and best ask, in quote."""
    origin: BookOrigin

    @property
    def touch(self) -> Decimal:
        """Price of the first unit, in quote."""
        return self.levels[0].price

    def price(self, quantity: Decimal) -> Decimal:
        """Average price of `quantity` (base), of what is there when that is less."""
        first = self.levels[0]
        if quantity <= first.quantity:
            return first.price
        filled = paid = ZERO
        for price, size in self.levels:
            taken = min(size, quantity - filled)
            paid += taken * price
            filled += taken
            if filled == quantity:
                break
        return paid / filled


def limit_price(case: Case) -> Decimal | None:
    """The plan's limit on the tick, never beyond what the model said; None for a market entry."""
    if case.draft.entry is None:
        return None
    round_back = floor_to_tick if case.draft.side == "long" else ceil_to_tick
    return round_back(case.draft.entry, case.instrument.price_tick)


def first_price(case: Case, book: OrderBook) -> Decimal:
    """Price of the first unit of the entry: the best of the book, or a better limit."""
    best, limit = book.side(case.entry_side)[0].price, limit_price(case)
    if limit is None or (limit - best) * case.direction >= ZERO:
        return best
    return limit


def price_entry(case: Case, book: OrderBook) -> Entry:
    """The prices the plan's entry would meet in a book with two sides."""
    limit, levels = limit_price(case), book.side(case.entry_side)
    mid = (book.bids[0].price + book.asks[0].price) / 2
    if limit is None:
        return Entry(levels, True, mid, book.origin)
    better = tuple(lv for lv in levels if (limit - lv.price) * case.direction >= ZERO)
    return Entry((*better, Level(limit, ENDLESS)), bool(better), mid, book.origin)


def largest(
    levels: Sequence[Level], per_quote: Decimal, per_base: Decimal, budget: Decimal
) -> Decimal:
    """The largest quantity q with `per_quote` x cost(q) + `per_base` x q <= `budget`, in base.

    Exact, because the left side is a straight line within each level, and rising ever more steeply
    from its first rise on. Never negative; the whole of the levels where all of it fits.
    """
    quantity, left = ZERO, budget
    if left < ZERO:
        return ZERO
    for price, size in levels:
        slope = per_quote * price + per_base
        need = slope * size
        if need > left:
            return quantity + left / slope
        quantity += size
        left -= need
    return quantity


def slippage_bps(case: Case, entry: Entry, price: Decimal) -> Decimal:
    """What entering at `price` costs against the mid, in bps; 0 for an entry that rests."""
    return (price / entry.mid - 1) * case.direction * BPS if entry.takes else ZERO
