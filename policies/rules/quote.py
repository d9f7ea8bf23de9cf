"""Is there a sound price, near the one the plan was made at?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from domain.book import Level
from domain.finding import Finding, Stated
from domain.numbers import BPS, ZERO, plain
from policies.case import Case
from policies.facts import known
from policies.findings import compare, unknown


def book_is_not_crossed(case: Case) -> Finding:
    """`BOOK_CROSSED`: best bid < best ask, asks rise and bids fall, in quote.

    Reason: a crossed book is a broken feed; walking it would give a price that nobody offers.
    Source: own.
    """
    book, code, what = case.market.book, "BOOK_CROSSED", "distance from bid to ask"
    if book is None or not (book.bids and book.asks):
        return unknown(code, what, ">", ZERO, "price", modelled=case.modelled)
    bid, ask = book.bids[0].price, book.asks[0].price
    if not (_rises(book.asks) and _rises(book.bids[::-1])):
        sentence = "The book's prices are out of order: asks have to rise, bids to fall."
        return Stated(code, False, "out of order", "in order", sentence, "price", case.modelled)
    found = compare(code, what, ask - bid, ">", ZERO, "price", modelled=case.modelled)
    hint = f"the book bids {plain(bid)} and asks {plain(ask)}: it is crossed"
    return found if found.passed else found._replace(hint=hint)


def _rises(levels: Sequence[Level]) -> bool:
    return all(near.price <= far.price for near, far in pairwise(levels))


def spread_is_narrow(case: Case) -> Finding:
    """`SPREAD_TOO_WIDE`: (ask - bid) / mid <= max_spread_bps (10), in bps, for the majors.

    For everything else max_spread_minor_bps (30). Reason: the spread is paid twice, and it is
    widest when it matters. Source: own.
    """
    book, policy = case.market.book, case.policy
    spread = None if book is None else book.spread_bps
    major = case.instrument.base in policy.majors
    limit = policy.max_spread_bps if major else policy.max_spread_minor_bps
    return compare("SPREAD_TOO_WIDE", "spread", spread, "<=", limit, "bps", modelled=case.modelled)


def price_has_not_moved(case: Case) -> Finding:
    """`DECISION_SLIPPAGE`: |price now - decision price| <= min(0.25 ATR14, 30 bps), both ways.

    In bps of the decision price. Price now is the last price or the book's mid, whichever moved
    farther. Limits: max_decision_slippage_atr_ratio, max_decision_slippage_bps. Reason: the plan
    was made for another price; both ways, because one that came toward us in the meantime did so
    for a cause that the plan has not seen. Source: own, after the adverse selection of resting
    orders.
    """
    market, code, what = case.market, "DECISION_SLIPPAGE", "movement since the decision"
    last, atr, most = known(market.last), known(market.atr), case.policy.max_decision_slippage_bps
    if last is None or atr is None:
        return unknown(code, what, "<=", most, "bps")
    decided, mid = case.decision_price, market.book.mid if market.book else None
    moved = abs(last - decided)
    if mid is not None:
        moved = max(moved, abs(mid - decided))
    atr_bps = max(ZERO, atr * case.policy.max_decision_slippage_atr_ratio / decided * BPS)
    found = compare(code, what, moved / decided * BPS, "<=", min(atr_bps, most), "bps")
    return found if found.passed else found._replace(hint=_moved(decided, last, mid))


def _moved(decided: Decimal, last: Decimal, mid: Decimal | None) -> str:
    now = f"the last price is {plain(last)}" + ("" if mid is None else f", the mid {plain(mid)}")
    return f"the plan was made at {plain(decided)}, {now}"
