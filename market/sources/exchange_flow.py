"""What an exchange offers beside candles, and its liquidations where it tells them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.clock import from_ms
from domain.numbers import to_decimal
from market.protocol import Liquidation, Offer
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


def offers_of(client: ExchangeClient, markets: Collection[Mapping[str, Any]]) -> frozenset[Offer]:
    """What the exchange has beside candles, as far as the opened markets can have it."""
    swaps = not markets or any(market.get("swap") for market in markets)
    return frozenset(
        offer for method, offer in _OFFERS if client.has(method) and (swaps or offer in _OF_SPOT)
    )


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
