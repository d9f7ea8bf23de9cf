"""Is the clock right? Every age is reckoned from it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.finding import Finding
from policies.case import Case
from policies.facts import known
from policies.findings import compare

CODE = "CLOCK_SKEW"


def nothing_is_from_the_future(case: Case) -> Finding:
    """`CLOCK_SKEW`: no datum and no decision is stamped more than max_clock_skew_s (2 s) after now.

    Reason: data from the future is a wrong clock or a look-ahead, and every age would lie. Source:
    own; look-ahead is the usual fault of backtests.
    """
    market = case.market
    newest, name = case.decided_at, "decision"
    for other, at in (
        ("quote", market.last_at),
        ("book", market.book.at if market.book else None),
        ("candle", market.candle_known_at),
        ("funding", market.funding.known_at if market.funding else None),
    ):
        if at is not None and at > newest:
            newest, name = at, other
    what, limit = f"newest stamp ({name}) ahead of the clock", case.policy.max_clock_skew_s
    return compare(CODE, what, seconds(market.now, newest), "<=", limit, "s")


def clock_agrees_with_the_venue(case: Case) -> Finding:
    """`CLOCK_SKEW`: |our clock - the venue's| <= max_clock_skew_s, in seconds, default 2.

    Reason: a venue refuses orders stamped too far off, and a quote's age cannot be told. Unknown
    denies. In a replay time is the session's own, so the difference is 0. Source: Binance's
    recvWindow, 5 s by default; ours is tighter.
    """
    skew = known(case.market.clock_skew_s)
    apart = None if skew is None else abs(skew)
    what, limit = "difference between our clock and the venue's", case.policy.max_clock_skew_s
    return compare(CODE, what, apart, "<=", limit, "s")


def clock_has_not_jumped(case: Case) -> Finding:
    """`CLOCK_SKEW`: |recent step of the wall clock against the monotonic one| <= 2 s.

    Limit: max_clock_skew_s, in seconds. Reason: after a step (a suspended machine, a corrected
    clock) what is held for fresh may be hours old. Source: own.
    """
    jump = known(case.market.clock_jump_s)
    step = None if jump is None else abs(jump)
    what, limit = "recent step of the wall clock", case.policy.max_clock_skew_s
    return compare(CODE, what, step, "<=", limit, "s")


def seconds(start: datetime, end: datetime) -> Decimal:
    """From `start` to `end`, exactly; negative when `end` is the earlier."""
    span = end - start
    whole = span.days * 86_400 + span.seconds
    return (
        Decimal(whole) if not span.microseconds else whole + Decimal(span.microseconds) / 1_000_000
    )
