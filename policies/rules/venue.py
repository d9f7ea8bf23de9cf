"""Does the venue take orders now, and do we want to send any?"""

from __future__ import annotations

from domain.clock import iso
from domain.finding import ABSENT, Finding, Stated
from policies.case import Case
from policies.settings import window


def market_is_open(case: Case) -> Finding:
    """`MARKET_CLOSED`: the venue's status is not `closed`; unknown denies.

    Reason: an order sent outside trading hours fills at the next opening, at another price.
    Source: own.
    """
    status = case.market.venue_status
    found = status or ABSENT
    sentence = f"The venue's trading hours: {'unknown' if status is None else status}."
    return Stated("MARKET_CLOSED", status in {"open", "maintenance"}, found, "open", sentence)


def venue_is_up(case: Case) -> Finding:
    """`VENUE_MAINTENANCE`: the venue's status is not `maintenance`; unknown denies.

    Reason: what is sent then may be lost, or found again later. Source: own.
    """
    status = case.market.venue_status
    found = status or ABSENT
    sentence = f"The venue's status is {'unknown' if status is None else status}."
    return Stated("VENUE_MAINTENANCE", status in {"open", "closed"}, found, "open", sentence)


def no_blackout(case: Case) -> Finding:
    """`NEWS_BLACKOUT`: now lies in none of the windows of `blackouts` (none by default).

    From the start, inclusive, to the end, exclusive. Reason: around a scheduled announcement the
    book is empty and stops do not hold. Source: own.
    """
    now = case.market.now
    for text in case.policy.blackouts:
        start, end = window(text)
        if start <= now < end:
            sentence = f"{iso(now)} lies within the blackout {text}."
            return Stated("NEWS_BLACKOUT", False, text, "no blackout", sentence)
    return Stated("NEWS_BLACKOUT", True, "none", "no blackout", "No blackout is on.")
