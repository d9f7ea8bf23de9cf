"""Open interest over time and liquidations, of the exchanges that tell them.

Both are stamped by the exchange; what is stamped after the question is left out. Open interest of a
period is stamped with its end, and exchanges publish it some minutes later: until then the newest
one known is older, which its stamp says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.candles import Timeframe
from domain.clock import from_ms, to_ms
from domain.numbers import to_decimal
from market.protocol import Liquidation, Offer, OpenInterest
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_market import contract_size

_OFFERS: tuple[tuple[str, Offer], ...] = (
    ("fetchOrderBook", "order_book"),
    ("fetchTrades", "trades"),
    ("fetchFundingRateHistory", "funding"),
    ("fetchOpenInterest", "open_interest"),
    ("fetchOpenInterestHistory", "open_interest_history"),
    ("fetchLiquidations", "liquidations"),
)
_OF_SPOT: frozenset[Offer] = frozenset({"order_book", "trades"})
"""What a market without contracts can have."""
MOST_ROWS = 500
"""The most that Binance gives at once."""


def offers_of(client: ExchangeClient, markets: Collection[Mapping[str, Any]]) -> frozenset[Offer]:
    """What the exchange has beside candles, as far as the opened markets can have it."""
    swaps = not markets or any(market.get("swap") for market in markets)
    return frozenset(
        offer for method, offer in _OFFERS if client.has(method) and (swaps or offer in _OF_SPOT)
    )


async def open_interest_history(
    client: ExchangeClient,
    market: Mapping[str, Any],
    timeframe: Timeframe,
    as_of: datetime,
    limit: int,
) -> Sequence[OpenInterest]:
    """Up to `limit` values stamped at or before `as_of`, oldest first, in base.

    Raises:
        PlangateError: no answer, or a period that the exchange does not have.
    """
    count = min(limit, MOST_ROWS)
    since = (to_ms(as_of) // timeframe.ms - count + 1) * timeframe.ms
    answers = await client.call(
        "fetch_open_interest_history", market["symbol"], timeframe.value, since, count
    )
    size = contract_size(market)
    found = [
        OpenInterest(from_ms(int(row["timestamp"])), to_decimal(row["openInterestAmount"]) * size)
        for row in answers
        if row.get("timestamp") and row.get("openInterestAmount") is not None
    ]
    return sorted((each for each in found if each.at <= as_of), key=lambda o: o.at)[-count:]


async def liquidations(
    client: ExchangeClient, market: Mapping[str, Any], as_of: datetime, limit: int
) -> Sequence[Liquidation]:
    """Up to `limit` forced closes stamped at or before `as_of`, oldest first.

    Raises:
        PlangateError: no answer.
    """
    answers = await client.call("fetch_liquidations", market["symbol"], None, limit)
    size = contract_size(market)
    found = [
        Liquidation(
            at=from_ms(int(row["timestamp"])),
            price=to_decimal(row["price"]),
            quantity=to_decimal(row["contracts"]) * size,
            order_side="buy" if row["side"] == "buy" else "sell",
        )
        for row in answers
        if row.get("timestamp") and row.get("price") and row.get("contracts") and row.get("side")
    ]
    return sorted((each for each in found if each.at <= as_of), key=lambda o: o.at)[-limit:]
