"""What holding a perpetual costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from langchain_core.tools import tool

from domain.clock import iso
from tools.catalog.answering import Request, answer, rounded, symbol_of
from tools.protocol import ToolComplaint

DAYS_PER_YEAR = 365


@tool(parse_docstring=True)
async def funding(request: Request, symbol: str | None = None) -> dict[str, Any]:
    """Funding of a perpetual: latest rate, next payment, recent rates; longs pay positive rates.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
    """
    name, source = symbol_of(request, symbol), request.source
    if source.instrument(name).kind == "spot":
        raise ToolComplaint("NOT_OFFERED", f"{name} is spot, which pays no funding")
    if "funding" not in source.info.offers:
        raise ToolComplaint("NOT_OFFERED", f"{source.info.name} offers no funding rates")
    found = await source.funding(name, request.as_of)
    if found is None:
        known = f"{source.info.name} knows no funding rate of {name} at {iso(request.as_of)}"
        raise ToolComplaint("NOT_OFFERED", known)
    per_year = Decimal(24 * DAYS_PER_YEAR) / found.interval_hours
    recent = found.recent_rates
    mean = sum(recent, Decimal(0)) / len(recent) if recent else None
    return answer(
        request,
        found.known_at,
        [("funding", name)],
        symbol=name,
        rate_fraction=rounded(found.rate_fraction),
        annualised_fraction=rounded(found.rate_fraction * per_year),
        interval_hours=found.interval_hours,
        next_at=iso(found.next_at),
        next_in_hours=round((found.next_at - request.as_of).total_seconds() / 3600, 2),
        recent_rates_oldest_first=[rounded(rate) for rate in recent],
        recent_mean_fraction=rounded(mean),
    )
