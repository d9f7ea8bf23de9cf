"""Is the data of now? Absent data counts as stale."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from domain.clock import iso
from domain.finding import Finding, Stated
from domain.snapshot import Funding
from policies.case import Case
from policies.facts import known
from policies.findings import compare
from policies.rules.clock import seconds

CODE = "STALE_DATA"
HOUR_S = 3600


def quote_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - last_at <= max_quote_age_s, in seconds, default 10.

    Reason: the size, the slippage and the reward are all reckoned from this price. Source: FIA,
    Best Practices for Automated Trading Risk Controls: stale data.
    """
    age = None if known(case.market.last) is None else _age_s(case, case.market.last_at)
    return compare(CODE, "age of the quote", age, "<=", case.policy.max_quote_age_s, "s")


def book_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - book.at <= max_quote_age_s, in seconds, default 10.

    Reason: the entry is priced by walking this book. Source: FIA, Best Practices for Automated
    Trading Risk Controls: stale data.
    """
    book = case.market.book
    age = None if book is None else _age_s(case, book.at)
    limit = case.policy.max_quote_age_s
    return compare(CODE, "book's age", age, "<=", limit, "s", modelled=case.modelled)


def candle_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - close of the newest candle <= max_candle_age_bars (1.5) bars, in seconds.

    Reason: a feed that stopped keeps its last candle; volatility would be yesterday's. Source:
    own.
    """
    age = _age_s(case, case.market.candle_known_at)
    limit = case.policy.max_candle_age_bars * case.timeframe.seconds
    return compare(CODE, "age of the newest closed candle", age, "<=", limit, "s")


def funding_is_fresh(case: Case) -> Finding:
    """`STALE_DATA`: now - funding.known_at <= max_funding_age_h (9 h), in seconds; perpetuals.

    The next payment falls due within one interval from now. Reason: what is not known, or put off,
    cannot be counted into the risk. Spot passes. Source: own; venues pay every 8 h or oftener.
    """
    if case.spot:
        return Stated(CODE, True, "none", "", "Spot pays no funding.")
    funding = case.market.funding
    if funding is not None and funding.next_at - case.market.now > _interval(funding):
        sentence = (
            f"The next funding payment is said to be at {iso(funding.next_at)}, more than its "
            f"interval of {funding.interval_hours} h away."
        )
        return Stated(CODE, False, iso(funding.next_at), "within one interval", sentence)
    age = None if funding is None else _age_s(case, funding.known_at)
    limit = case.policy.max_funding_age_h * HOUR_S
    return compare(CODE, "age of the funding rate", age, "<=", limit, "s")


def _interval(funding: Funding) -> timedelta:
    return timedelta(hours=funding.interval_hours)


def _age_s(case: Case, at: datetime | None) -> Decimal | None:
    return None if at is None else seconds(at, case.market.now)
