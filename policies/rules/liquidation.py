"""Would the stop fire before the venue liquidates? Spot passes: nothing is borrowed."""

from __future__ import annotations

from domain.finding import Finding, Stated
from domain.numbers import ZERO
from domain.verdict import Bracket
from policies.acceptable import liquidation_fraction
from policies.case import Case
from policies.facts import known
from policies.findings import compare, unknown

CODE = "LIQUIDATION_TOO_CLOSE"


def liquidation_is_far(case: Case, bracket: Bracket) -> Finding:
    """`LIQUIDATION_TOO_CLOSE`: |e - liq| >= min_liquidation_stop_ratio x d + 1 ATR14, in quote.

    liq = e (1 - 1/L + mmr) for a long, e (1 + 1/L - mmr) for a short, with the account's leverage
    L and the instrument's maintenance margin mmr; default ratio 1.5. Reason: a stop behind the
    liquidation price is no stop, and the venue closes at its own terms. Source: Binance USD-M's
    liquidation formula, without its tiers.
    """
    if case.spot:
        return Stated(CODE, True, "none", "", "Spot is not liquidated.")
    atr, what = known(case.market.atr), "distance to liquidation"
    if atr is None or not atr > ZERO:
        return unknown(CODE, what, ">=", ZERO, "price")
    distance = (bracket.entry_price - bracket.stop_price) * case.direction
    least = case.policy.min_liquidation_stop_ratio * distance + atr
    away = bracket.entry_price * liquidation_fraction(case)
    return compare(CODE, what, away, ">=", least, "price")
