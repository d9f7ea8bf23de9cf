"""Is volatility known? Without it there is neither a stop nor a size."""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO
from domain.verdict import Finding
from policies.case import Case, known
from policies.findings import compare, unknown


def volatility_is_known(case: Case) -> Finding:
    """`VOL_UNAVAILABLE`: history >= min_history_bars (300), ATR14 > 0, realised volatility known.

    Bars. An average over too few candles is a number without a meaning, and a made-up fallback
    (2 % of the price, say) would size a position on it; we deny instead.
    """
    atr = known(case.market.atr)
    if atr is None or not atr > ZERO:
        return unknown("VOL_UNAVAILABLE", "ATR14", "> 0", "quote")
    volatility = known(case.market.realised_volatility)
    if volatility is None or not volatility >= ZERO:
        return unknown("VOL_UNAVAILABLE", "realised volatility", ">= 0", "fraction")
    bars, least = Decimal(case.market.history_bars), Decimal(case.policy.min_history_bars)
    what = "number of closed candles behind the volatility"
    return compare("VOL_UNAVAILABLE", what, bars, ">=", least, "count")
