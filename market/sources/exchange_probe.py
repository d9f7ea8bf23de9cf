"""A look at an exchange before anything depends on it: is it there, how fast, what it offers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from domain.errors import PlangateError
from domain.snapshot import VenueStatus
from market.protocol import Offer
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_flow import offers_of
from market.sources.exchange_venue import VenueWatch

ASKED_COUNT = 3
"""Requests whose median is the latency."""
USUAL_SYMBOLS = ("BTC/USDT:USDT", "BTC/USD:USD", "BTC/USDT", "BTC/USD", "BTC/EUR")
"""What is asked about where no symbol is named, the first that there is."""


@dataclass(frozen=True, slots=True)
class ExchangeFacts:
    """What an exchange showed of itself."""

    exchange_id: str
    markets_count: int
    """Markets it trades."""
    symbol: str
    """What it was asked about."""
    latency_ms: float
    """Median of some requests, there and back, without the wait for the rate limit."""
    spacing_ms: float
    """What ccxt keeps between two cheap requests, as the exchange's rules want it."""
    clock_skew_s: float | None
    """Our clock minus its own; None where it does not tell its time."""
    status: VenueStatus | None
    offers: frozenset[Offer]
    streams: bool
    """Whether ccxt has its public trades as a stream."""
    timeframes: tuple[str, ...]


async def probe(
    exchange_id: str, base_url: str | None, now: Callable[[], datetime]
) -> ExchangeFacts:
    """Open an exchange, look, and close it again.

    Raises:
        PlangateError: it cannot be reached, refuses, or is no exchange.
    """
    client = ExchangeClient(exchange_id, base_url, timeout_s=5, retry_delays_s=(0.5,))
    try:
        await client.open()
        traded = {s: m for s, m in client.api.markets.items() if m.get("active") is not False}
        symbol = next((s for s in USUAL_SYMBOLS if s in traded), next(iter(traded), ""))
        state = await VenueWatch(client, now).state()
        return ExchangeFacts(
            exchange_id=exchange_id,
            markets_count=len(traded),
            symbol=symbol,
            latency_ms=await _latency_ms(client, symbol),
            spacing_ms=float(client.api.rateLimit),
            clock_skew_s=state.clock_skew_s,
            status=state.status,
            offers=offers_of(client, [traded[symbol]] if symbol else []),
            streams=bool(_streaming(exchange_id).get("watchTrades")),
            timeframes=tuple(client.api.timeframes or ()),
        )
    finally:
        await client.close()


async def _latency_ms(client: ExchangeClient, symbol: str) -> float:
    """By the cheapest question that it answers; the way begins when ccxt sends."""
    times: list[float] = []
    for _ in range(ASKED_COUNT):
        if client.has("fetchTime"):
            await client.call("fetch_time")
        else:
            await client.call("fetch_ticker", symbol)
        times.append(time.time() * 1000 - client.api.lastRestRequestTimestamp)
    return max(0.0, median(times))


def _streaming(exchange_id: str) -> Mapping[str, Any]:
    """What ccxt's streaming class of the exchange has; empty where there is none."""
    import ccxt.pro as pro

    made: Any = getattr(pro, exchange_id, None)
    has: Mapping[str, Any] = made().has if made is not None else {}
    return has


def advice(error: PlangateError) -> str:
    """What to do when an exchange could not be probed; the message itself says what happened."""
    words = {
        "Unreachable": "is the network up, and does a firewall or proxy let it through?",
        "AccessRefused": "it serves nobody from here: name another exchange",
    }
    return words.get(type(error).__name__, "is it the exchange that you mean?")
