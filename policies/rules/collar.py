"""Is the price of the order anywhere near the market?"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding, Stated
from domain.numbers import ONE
from domain.verdict import Bracket
from policies.case import Case
from policies.facts import known
from policies.findings import compare, unknown
from policies.pricing import limit_price
from policies.reference import collar, reference_price

CODE = "PRICE_COLLAR"


def price_is_within_the_collar(case: Case, bracket: Bracket) -> Finding:
    """`PRICE_COLLAR`: |price / ref - 1| <= min(max_collar_fraction, max_collar_atr_ratio ATR/ref).

    Fraction, defaults 0.02 and 2 ATR14. ref is the median of mid, last price and last close; the
    price is the order's limit, or what walking the book costs. Reason: a slipped digit, or one
    feed gone wrong, must not reach the venue. Source: EU 2017/589 (RTS 6), article 15: price
    collars.
    """
    reference, atr, what = reference_price(case), known(case.market.atr), "distance to the market"
    if reference is None or atr is None:
        return unknown(CODE, what, "<=", case.policy.max_collar_fraction, "fraction")
    away = abs(_order_price(case, bracket) / reference - ONE)
    return compare(CODE, what, away, "<=", collar(case, reference, atr), "fraction")


def price_is_within_the_venues_band(case: Case, bracket: Bracket) -> Finding:
    """`PRICE_COLLAR`: min_price_ratio <= price / ref <= max_price_ratio of the venue, ratio.

    Passes where the venue states no band. Source: Binance's filter PERCENT_PRICE. Reason: the
    venue refuses such an order, and a refusal after the fact is no plan.
    """
    instrument, reference = case.instrument, reference_price(case)
    low, high = instrument.min_price_ratio, instrument.max_price_ratio
    if low is None and high is None:
        return Stated(CODE, True, "none", "", "The venue states no price band.")
    what = "order price over the reference price"
    if reference is None:
        return unknown(CODE, what, "<=", high or ONE, "ratio")
    ratio = _order_price(case, bracket) / reference
    if low is not None and not ratio >= low:
        return compare(CODE, what, ratio, ">=", low, "ratio")
    return compare(CODE, what, ratio, "<=", ratio if high is None else high, "ratio")


def _order_price(case: Case, bracket: Bracket) -> Decimal:
    limit = limit_price(case)
    return bracket.entry_price if limit is None else limit
