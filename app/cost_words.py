"""What models cost, in words; for the terminal and the report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.numbers import plain

SHOWN_DIGITS = 6


def total_words(document: dict[str, Any]) -> str:
    """The sum, and what of it a decision and an accepted plan took."""
    total = document["total"]
    decisions, plans = document["decisions_count"], document["accepted_plans_count"]
    waiting = total["unsettled_count"]
    return (
        f"{dollars(total)} USD for {total['calls_count']} calls of models"
        + (f", {waiting} of them not settled and at their worst" if waiting else "")
        + f"; {_per(document['usd_per_decision'], decisions, 'a decision', 'no decision')}, "
        + _per(document["usd_per_accepted_plan"], plans, "an accepted plan", "no plan accepted")
    )


def dollars(row: dict[str, Any]) -> str:
    """A sum; where a price is unknown, what is known of it."""
    known = plain(Decimal(row["known_usd"]), SHOWN_DIGITS)
    if row["usd"] is not None:
        return known
    return f"unknown ({row['unknown_count']} calls without a price, {known} beside)"


def _per(usd: str | None, count: int, one: str, none: str) -> str:
    """What each of `count` took; `none` where there was not one."""
    if not count:
        return none
    return f"{'unknown' if usd is None else plain(Decimal(usd), SHOWN_DIGITS)} {one} ({count})"
