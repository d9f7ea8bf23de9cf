"""The crowd's mood."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

from langchain_core.tools import tool
from pydantic import Field

from domain.clock import iso
from domain.errors import DataError
from market.feeds.fear_greed import band_of
from market.feeds.protocol import Reading
from tools.catalog.answering import Request, table
from tools.catalog.news import gathered, provenance
from tools.protocol import ToolComplaint

STALE_AFTER = timedelta(hours=48)
"""The index is renewed once a day; one that missed two days is old."""


@tool(parse_docstring=True)
async def sentiment(
    request: Request, days: Annotated[int, Field(ge=1, le=30)] = 7
) -> dict[str, Any]:
    """Fear and Greed index of crypto, 0 extreme fear to 100 extreme greed, one value a day.

    Args:
        request: Injected by the desk.
        days: Daily values to show, newest last.
    """
    feeds = request.feeds.sentiment
    if not feeds:
        raise ToolComplaint("NOT_OFFERED", "this session has no sentiment feed")
    answers = await asyncio.gather(
        *(feed.readings(request.as_of) for feed in feeds), return_exceptions=True
    )
    readings, missing = gathered(feeds, answers)
    named = provenance(feeds, answers)
    by_day = {one.at: one for one in sorted(readings, key=lambda r: (r.at, r.known_at))}
    newest: list[Reading] = list(by_day.values())[-days:]
    if not newest:
        raise DataError(f"no sentiment was known at {iso(request.as_of)}")
    now = newest[-1]
    if request.as_of - now.at > STALE_AFTER:
        missing.append(f"sentiment of today: the newest value is of {iso(now.at)}")
    values = [one.value for one in newest]
    return {
        **named,
        "known_at": iso(max(one.known_at for one in newest)),
        "value": now.value,
        "band": band_of(now.value),
        "of": iso(now.at),
        "change": values[-1] - values[-2] if len(values) > 1 else None,
        "mean": round(sum(values) / len(values), 1),
        **table(("day", "value"), [(iso(one.at), one.value) for one in newest]),
        "missing": missing,
    }
