"""The price that an order price is held against: the median of mid, last price and last close."""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO
from policies.case import Case
from policies.facts import known


def reference_price(case: Case) -> Decimal | None:
    """Median of the mid, the last price and the last close; None unless all are known, and above 0.

    Of three numbers the one in the middle: no single broken feed can move it far.
    """
    market = case.market
    mid = market.book.mid if market.book is not None else None
    last, close = known(market.last), known(market.last_close)
    if mid is None or last is None or close is None:
        return None
    middle = sorted((mid, last, close))[1]
    return middle if middle > ZERO else None


def collar(case: Case, reference: Decimal, atr: Decimal) -> Decimal:
    """How far an order price may lie from the reference, as a fraction of it."""
    policy = case.policy
    return min(policy.max_collar_fraction, policy.max_collar_atr_ratio * atr / reference)
