"""What models cost, in words; for the terminal and the report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.numbers import plain

SHOWN_DIGITS = 6


def total_words(document: dict[str, Any]) -> str:
    """The sum, and what of it a decision and an accepted plan took."""
    total = document["total"]
    plans = document["accepted_plans_count"]
    waiting = total["unsettled_count"]
    return (
        f"{dollars(total)} USD for {total['calls_count']} calls of models"
        + (f", {waiting} of them not settled and at their worst" if waiting else "")
        + f"; {_each(document['usd_per_decision'])} a decision ({document['decisions_count']}), "
        + (
            f"{_each(document['usd_per_accepted_plan'])} an accepted plan ({plans})"
            if plans
            else "no plan accepted"
        )
    )


def dollars(row: dict[str, Any]) -> str:
    """A sum; where a price is unknown, what is known of it."""
    known = plain(Decimal(row["known_usd"]), SHOWN_DIGITS)
    if row["usd"] is not None:
        return known
    return f"unknown ({row['unknown_count']} calls without a price, {known} beside)"


def _each(usd: str | None) -> str:
    return "unknown" if usd is None else plain(Decimal(usd), SHOWN_DIGITS)
