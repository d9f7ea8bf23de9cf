"""Can the size be had, and what does taking it cost?"""

from __future__ import annotations

from domain.numbers import ZERO
from domain.verdict import Bracket, Finding
from policies.case import Case
from policies.findings import compare
from policies.sizing import depth


def depth_is_sufficient(case: Case, bracket: Bracket) -> Finding:
    """`DEPTH_INSUFFICIENT`: quantity / depth within 20 bps <= max_depth_fraction, default 0.10.

    Fraction of the thinner side. Measured with the venue's smallest order where sizing shrank below
    it, so that a book too thin for any order says so.
    """
    there = depth(case)
    quantity = max(bracket.quantity, case.instrument.min_quantity)
    share = quantity / there if there > ZERO else None
    what, limit = (
        "share of the depth within 20 bps that would be taken",
        case.policy.max_depth_fraction,
    )
    return compare(
        "DEPTH_INSUFFICIENT", what, share, "<=", limit, "fraction", modelled=case.modelled
    )


def slippage_is_bearable(case: Case, bracket: Bracket) -> Finding:
    """`SLIPPAGE_LIMIT`: VWAP of walking the book against its mid <= max_entry_slippage_bps (15).

    0 for a limit entry that rests. Half of the spread is part of it: that, too, is paid.
    """
    return compare(
        "SLIPPAGE_LIMIT",
        "cost of entering against the mid",
        bracket.entry_slippage_bps,
        "<=",
        case.policy.max_entry_slippage_bps,
        "bps",
        modelled=case.modelled,
    )
