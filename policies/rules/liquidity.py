"""Can the size be had, what does taking it cost, and is it a size that we mean?"""

from __future__ import annotations

from domain.finding import Finding, Stated
from domain.numbers import ZERO, plain
from domain.verdict import Bracket
from policies.case import Case
from policies.facts import known
from policies.findings import compare
from policies.sizing import USUAL_TRADES, depth, usual_notional


def depth_is_sufficient(case: Case, bracket: Bracket) -> Finding:
    """`DEPTH_INSUFFICIENT`: quantity / depth within 20 bps <= max_depth_fraction, default 0.10.

    Fraction of the thinner side: the entry takes one side and its stop takes the other. Reason:
    beyond the visible depth the price is a guess. Source: own; a tenth is the usual share of
    participation.
    """
    there, limit = depth(case), case.policy.max_depth_fraction
    share = bracket.judged_quantity / there if there > ZERO else None
    what, code = "share of the depth within 20 bps that would be taken", "DEPTH_INSUFFICIENT"
    return compare(code, what, share, "<=", limit, "fraction", modelled=case.modelled)


def slippage_is_bearable(case: Case, bracket: Bracket) -> Finding:
    """`SLIPPAGE_LIMIT`: VWAP of walking the book against its mid <= max_entry_slippage_bps (15).

    In bps; 0 for a limit entry that rests. Half of the spread is part of it: that, too, is paid.
    Reason: a cost that is known before the order is no surprise after it. Source: own.
    """
    cost, limit = bracket.entry_slippage_bps, case.policy.max_entry_slippage_bps
    what, modelled = "cost of entering against the mid", case.modelled
    return compare("SLIPPAGE_LIMIT", what, cost, "<=", limit, "bps", modelled=modelled)


def share_of_turnover_is_small(case: Case, bracket: Bracket) -> Finding:
    """`FAT_FINGER`: value / turnover of 24 h <= max_turnover_fraction, fraction, default 0.01.

    Reason: an order that is a visible part of the day's trade moves the market against itself.
    Unknown turnover denies. Source: EU 2017/589 (RTS 6), article 15: maximum order value.
    """
    turnover, limit = known(case.market.turnover_24h), case.policy.max_turnover_fraction
    share = None
    if turnover is not None and turnover > ZERO:
        share = bracket.judged_notional / turnover
    return compare("FAT_FINGER", "share of the day's turnover", share, "<=", limit, "fraction")


def size_is_usual(case: Case, bracket: Bracket) -> Finding:
    """`FAT_FINGER`: value <= max_usual_size_ratio (3) x median value of the last 20 trades, ratio.

    Passes before there are 20. Reason: a size far out of line comes from a wrong number somewhere,
    whatever every other rule says about it. Source: EU 2017/589 (RTS 6), article 15: maximum order
    value; SEC Rule 15c3-5 (market access).
    """
    usual = usual_notional(case)
    if usual is None:
        count = len(case.account.recent_notionals)
        sentence = f"What is usual is known after {USUAL_TRADES} trades; there are {count}."
        return Stated("FAT_FINGER", True, plain(bracket.notional), "none", sentence, "quote")
    ratio = bracket.judged_notional / usual if usual > ZERO else None
    limit, what = case.policy.max_usual_size_ratio, "value over that of a usual trade"
    return compare("FAT_FINGER", what, ratio, "<=", limit, "ratio")
