"""How much is open, and whether it grows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from langchain_core.tools import tool

from domain.clock import iso
from tools.catalog.answering import Request, answer, part, rounded, symbol_of, table
from tools.protocol import ToolComplaint

AGES_HOURS = (1, 4, 24)


@tool(parse_docstring=True)
async def open_interest(request: Request, symbol: str | None = None) -> dict[str, Any]:
    """Open interest in base: now, and 1, 4 and 24 hours ago with the change as a fraction.

    Args:
        request: Injected by the desk.
        symbol: Left out, the one under decision.
    """
    name, source, as_of = symbol_of(request, symbol), request.source, request.as_of
    if "open_interest" not in source.info.offers:
        raise ToolComplaint("NOT_OFFERED", f"{source.info.name} offers no open interest")
    now = await source.open_interest(name, as_of)
    if now is None:
        known = f"{source.info.name} knows no open interest of {name} at {iso(as_of)}"
        raise ToolComplaint("NOT_OFFERED", known)
    failed: list[str] = []
    then = await asyncio.gather(
        *(
            part(
                source.open_interest(name, as_of - timedelta(hours=age)),
                f"{age} h ago",
                request,
                failed,
            )
            for age in AGES_HOURS
        )
    )
    rows = [
        [age, rounded(value), rounded(now / value - 1) if value else None]
        for age, value in zip(AGES_HOURS, then, strict=True)
    ]
    return answer(
        request,
        as_of,
        [("open_interest", name)],
        symbol=name,
        now_base=rounded(now),
        before=table(("hours_ago", "base", "change"), rows),
        missing=[*failed, *_absent(rows, failed)],
        **({"partial": True} if failed else {}),
    )


def _absent(rows: list[list[Any]], failed: list[str]) -> list[str]:
    known = {gap.partition(":")[0] for gap in failed}
    return [
        f"{age} h ago: not known"
        for age, base, _ in rows
        if base is None and f"{age} h ago" not in known
    ]
