"""Is the data of now, and is the clock right? Absent data counts as stale."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.verdict import Finding
from policies.case import Case
from policies.findings import compare, stated

MAX_AHEAD_S = Decimal(2)
"""Data stamped further ahead of our clock than this means that one of the clocks is wrong."""
HOUR_S = 3600


def clock_agrees(case: Case) -> Finding:
    """`CLOCK_SKEW`: no datum and no decision is stamped more than 2 s after now, in seconds.

    Reason: data from the future is a wrong clock or a look-ahead, and every age below would lie.
    """
    market = case.market
    stamps = {
        "decision": case.decided_at,
        "quote": market.last_at,
        "book": market.book.at if market.book else None,
        "candle": market.candle_known_at,
        "funding": market.funding.known_at if market.funding else None,
    }
    ages = {name: _age_s(market.now, at) for name, at in stamps.items()}
    ahead = {name: -age for name, age in ages.items() if age is not None}
    name = max(ahead, key=lambda key: ahead[key])
    what = f"newest stamp ({name}) ahead of the clock"
    return compare("CLOCK_SKEW", what, ahead[name], "<=", MAX_AHEAD_S, "s")


def quote_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - last_at <= max_quote_age_s, in seconds, default 10.

    Reason: the size, the slippage and the reward are all reckoned from this price.
    """
    age = None if case.market.last is None else _age_s(case.market.now, case.market.last_at)
    return compare("STALE_DATA", "age of the quote", age, "<=", case.policy.max_quote_age_s, "s")


def book_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - book.at <= max_quote_age_s, in seconds, default 10."""
    book = case.market.book
    age = None if book is None else _age_s(case.market.now, book.at)
    limit = case.policy.max_quote_age_s
    return compare("STALE_DATA", "book's age", age, "<=", limit, "s", modelled=case.modelled)


def candle_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - close of the newest candle <= max_candle_age_bars (1.5) bars, in seconds.

    Reason: a feed that stopped keeps its last candle; volatility would be yesterday's.
    """
    age = _age_s(case.market.now, case.market.candle_known_at)
    limit = case.policy.max_candle_age_bars * case.timeframe.seconds
    return compare("STALE_DATA", "age of the newest closed candle", age, "<=", limit, "s")


def funding_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - funding.known_at <= max_funding_age_h (9 h), in seconds; perpetuals.

    Reason: what is not known cannot be counted into the risk. Spot passes.
    """
    if case.instrument.kind == "spot":
        return stated("STALE_DATA", True, "none", "", "Spot pays no funding.")
    funding = case.market.funding
    age = None if funding is None else _age_s(case.market.now, funding.known_at)
    limit = case.policy.max_funding_age_h * HOUR_S
    return compare("STALE_DATA", "age of the funding rate", age, "<=", limit, "s")


def _age_s(now: datetime, at: datetime | None) -> Decimal | None:
    return None if at is None else Decimal(str((now - at).total_seconds()))
