"""Is there a sound price, near the one the plan was made at?"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import BPS, ZERO, plain
from domain.verdict import Finding
from policies.case import Case, known
from policies.findings import compare, unknown


def book_is_not_crossed(case: Case) -> Finding:
    """`BOOK_CROSSED`: best bid < best ask, in quote.

    Reason: a crossed book is a broken feed; walking it would give a price that nobody offers.
    """
    book, code, limit = case.market.book, "BOOK_CROSSED", "bid < ask"
    if book is None or book.bid is None or book.ask is None:
        return unknown(code, "best bid or ask", limit, "price", modelled=case.modelled)
    uncrossed = book.bid < book.ask
    word = "modelled book" if case.modelled else "book"
    sentence = (
        f"The {word} bids {plain(book.bid)} and asks {plain(book.ask)}: "
        f"{'it is not crossed' if uncrossed else 'it is crossed'}."
    )
    measured = f"{plain(book.bid)} / {plain(book.ask)}"
    return Finding(code, uncrossed, measured, limit, "price", sentence, case.modelled)


def spread_is_narrow(case: Case) -> Finding:
    """`SPREAD_TOO_WIDE`: (ask - bid) / mid <= max_spread_bps, in bps, default 10.

    Reason: the spread is paid twice, and it is widest when it matters.
    """
    book = case.market.book
    spread = None if book is None else book.spread_bps
    limit = case.policy.max_spread_bps
    return compare("SPREAD_TOO_WIDE", "spread", spread, "<=", limit, "bps", modelled=case.modelled)


def price_has_not_moved(case: Case) -> Finding:
    """`DECISION_SLIPPAGE`: |price now - decision price| <= min(0.25 ATR14, 30 bps), both ways.

    In bps of the decision price. Price now is the last price or the book's mid, whichever moved
    farther. Both ways, because a price that came toward us in the meantime did so for a reason that
    the plan has not seen. Limits: max_decision_slippage_atr_ratio, max_decision_slippage_bps.
    """
    market, code, what = case.market, "DECISION_SLIPPAGE", "movement since the decision"
    last, atr = known(market.last), known(market.atr)
    if last is None or atr is None:
        return unknown(code, what, f"<= {plain(case.policy.max_decision_slippage_bps)}", "bps")
    mid = market.book.mid if market.book else None
    prices = [last] if mid is None else [last, mid]
    moved = max(abs(price - case.decision_price) for price in prices) / case.decision_price * BPS
    limit = min(_atr_bps(case, atr), case.policy.max_decision_slippage_bps)
    hint = f"the plan was made at {plain(case.decision_price)}, the last price is {plain(last)}"
    return compare(code, what, moved, "<=", limit, "bps", hint=hint)


def _atr_bps(case: Case, atr: Decimal) -> Decimal:
    exact = atr * case.policy.max_decision_slippage_atr_ratio / case.decision_price * BPS
    return max(ZERO, exact)
