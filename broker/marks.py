"""The newest price of everything that is held or worked: what the account is valued at."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.errors import DataError
from domain.snapshot import Snapshot
from journal.books import Journal
from journal.standing import exposed_symbols
from market.protocol import MarketSource


async def marks(
    journal: Journal, source: MarketSource, at: datetime, known: Snapshot | None = None
) -> dict[str, Decimal]:
    """Price per exposed symbol as of `at`, in quote; `known` adds the symbol under decision.

    Raises:
        DataError: something held or worked has no price; nothing may be valued without it.
    """
    prices = {known.symbol: known.last} if known else {}
    for symbol in sorted(exposed_symbols(journal) - set(prices)):
        tick = await source.tick(symbol, at)
        if tick is None:
            raise DataError(f"no price of {symbol!r}, which is held or worked, is known")
        prices[symbol] = tick.price
    return prices
