"""Stamped values of an exchange by page: read from the store, fetched where it has nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from decimal import Decimal

from market.store.ranges import Stretch
from market.store.stamps import StampShelf

Pages = Callable[[Stretch], AsyncIterator[tuple[dict[int, Decimal], Stretch]]]
"""Asks about a stretch: values by moment (ms), and what each answer settles."""


async def stamped(
    asked: Stretch, pages: Pages, now: Callable[[], datetime], shelf: StampShelf | None
) -> dict[int, Decimal]:
    """Values of a stretch by moment (ms); what was not kept is asked for, and kept.

    Args:
        asked: Which.
        pages: Asks the exchange.
        now: The moment to note as the answer's.
        shelf: Where they are kept; None: nowhere.
    """
    found: dict[int, Decimal] = {}
    for one in [asked] if shelf is None else shelf.missing(*asked):
        async for values, covered in pages(one):
            found |= values
            if shelf is not None:
                shelf.keep(values, covered, now())
    return found if shelf is None else found | shelf.between(*asked)
