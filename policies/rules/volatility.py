"""Is volatility known? Without it there is neither a stop nor a size."""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding
from domain.numbers import ZERO
from policies.case import Case
from policies.facts import known
from policies.findings import compare, unknown

CODE = "VOL_UNAVAILABLE"


def volatility_is_known(case: Case) -> Finding:
    """`VOL_UNAVAILABLE`: history >= min_history_bars (300), ATR14 > 0, realised volatility known.

    Bars. An average over too few candles is a number without a meaning, and a made-up fallback (2
    % of the price, say) would size a position on it; we deny instead. Reason: the stop and the
    size are reckoned from it; a guess of it is a guess of both. Source: own; LLM_trader falls back
    to 2 % of the price.
    """
    atr = known(case.market.atr)
    if atr is None or not atr > ZERO:
        return unknown(CODE, "ATR14", ">", ZERO, "quote")
    volatility = known(case.market.realised_volatility)
    if volatility is None or not volatility >= ZERO:
        return unknown(CODE, "realised volatility", ">=", ZERO, "fraction")
    bars, least = Decimal(case.market.history_bars), Decimal(case.policy.min_history_bars)
    what = "number of closed candles behind the volatility"
    return compare(CODE, what, bars, ">=", least, "count")


def history_has_no_gap(case: Case) -> Finding:
    """`DATA_GAP`: candles missing in the window behind the indicators <= max_gap_bars, default 0.

    Count. Reason: across a gap a true range is a jump that nobody traded, and the stop is sized on
    it. Nothing is filled in. Source: own.
    """
    gaps, limit = case.market.gap_bars, Decimal(case.policy.max_gap_bars)
    what = "number of candles missing behind the indicators"
    return compare("DATA_GAP", what, None if gaps is None else Decimal(gaps), "<=", limit, "count")
