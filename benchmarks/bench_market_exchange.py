"""A snapshot of many symbols and timeframes from an exchange, against the time its answers take.

50 symbols on 5 timeframes, 300 candles each, from a loopback exchange of Binance's shape that
answers after 50 ms, by the real ccxt client, nothing kept. The ideal is a bare aiohttp client that
sends the same 250 requests for as many rows over as many connections and reads the JSON: what latency and the server
cost. ccxt's rate limiter is off in both, since it alone would take a minute: the second line is the
same with it on, against the time that the exchange's own rules leave.

Run: python benchmarks/bench_market_exchange.py
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.candles import Timeframe
from domain.clock import FixedClock, to_ms
from market.sources.exchange import ExchangeSource
from tests.contracts.test_market_source import hand_made
from tests.servers.exchange_server import ExchangeServer, market_id

LATENCY_S = 0.05
BARS = 300
TIMEFRAMES = (Timeframe.M15, Timeframe.M30, Timeframe.H1, Timeframe.H4, Timeframe.D1)
SYMBOLS = tuple(f"C{n:02d}/USDT:USDT" for n in range(50))
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
ROUNDS = 5


def serve(ready: Any) -> None:
    """The exchange, in a process of its own."""

    async def run() -> None:
        hours = hand_made(24 * 325, NOW - timedelta(days=320))
        async with ExchangeServer(dict.fromkeys(SYMBOLS, hours), NOW) as server:
            server.delays_s["klines"] = LATENCY_S
            for symbol in SYMBOLS:
                for timeframe in TIMEFRAMES:
                    server.candles(market_id(symbol), timeframe)
            ready.put(server.url)
            await asyncio.sleep(3600)

    asyncio.run(run())


async def snapshot(url: str, *, is_limited: bool, symbols: Sequence[str]) -> float:
    """Seconds for all candles of the symbols, nothing at hand but the list of markets."""
    source = ExchangeSource("binanceusdm", FixedClock(NOW), url, is_limited=is_limited)
    try:
        await source.open(symbols)
        begun = time.perf_counter()
        found = await asyncio.gather(
            *(source.candles(s, t, NOW, BARS) for s in symbols for t in TIMEFRAMES)
        )
        assert all(len(candles) == BARS for candles in found)
        return time.perf_counter() - begun
    finally:
        await source.close()


async def bare(url: str) -> float:
    """Seconds for the same requests without ccxt and without us."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(symbol: str, timeframe: Timeframe) -> int:
            query = {
                "symbol": market_id(symbol),
                "interval": timeframe.value,
                "limit": str(BARS + 1),
                "startTime": str(to_ms(NOW) - BARS * timeframe.ms),
            }
            async with session.get(f"{url}/fapi/v1/klines", params=query) as answer:
                return len(await answer.json())

        begun = time.perf_counter()
        counts = await asyncio.gather(*(ask(s, t) for s in SYMBOLS for t in TIMEFRAMES))
        assert min(counts) >= BARS
        return time.perf_counter() - begun


async def main(url: str) -> None:
    """Interleaved rounds, medians."""
    ours, ideal = [], []
    for _ in range(ROUNDS):
        ideal.append(await bare(url))
        ours.append(await snapshot(url, is_limited=False, symbols=SYMBOLS))
    print(
        f"{len(SYMBOLS)} symbols x {len(TIMEFRAMES)} timeframes, {1000 * LATENCY_S:.0f} ms latency"
    )
    print(f"bare aiohttp       {median(ideal):6.3f} s ({min(ideal):.3f}-{max(ideal):.3f})")
    ratio = median(ours) / median(ideal)
    print(
        f"plangate           {median(ours):6.3f} s ({min(ours):.3f}-{max(ours):.3f})  {ratio:.2f}x"
    )
    few = SYMBOLS[:4]
    limited = await snapshot(url, is_limited=True, symbols=few)
    requests = len(few) * len(TIMEFRAMES)
    print(
        f"with ccxt's limiter, {requests} requests: {limited:.2f} s, "
        f"{1000 * limited / requests:.0f} ms a request"
    )


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    server = context.Process(target=serve, args=(queue,), daemon=True)
    server.start()
    try:
        asyncio.run(main(queue.get(timeout=120)))
    finally:
        server.terminate()
