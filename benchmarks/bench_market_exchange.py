"""A snapshot of many symbols and timeframes from an exchange, against the time its answers take.

50 symbols on 5 timeframes, 300 candles each, from a loopback exchange of Binance's shape that
answers after 50 ms, by the real ccxt client, nothing kept. The ideal is a bare aiohttp client that
sends the same 250 requests, for as many rows and over as many connections, and reads the JSON: what
latency and the server cost. CPU is the client's own. ccxt's rate limiter is off in both, since it
alone would take half a minute: the last line is the same with it on, a request's share of the time
that the exchange's own rules leave.

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


async def snapshot(url: str, *, is_limited: bool, symbols: Sequence[str]) -> tuple[float, float]:
    """Seconds and CPU seconds for all candles, nothing at hand but the list of markets."""
    source = ExchangeSource("binanceusdm", FixedClock(NOW), url, is_limited=is_limited)
    try:
        await source.open(symbols)
        begun, cpu = time.perf_counter(), time.process_time()
        found = await asyncio.gather(
            *(source.candles(s, t, NOW, BARS) for s in symbols for t in TIMEFRAMES)
        )
        assert all(len(candles) == BARS for candles in found)
        return time.perf_counter() - begun, time.process_time() - cpu
    finally:
        await source.close()


async def bare(url: str) -> tuple[float, float]:
    """Seconds and CPU seconds for the same requests without ccxt and without us."""
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

        begun, cpu = time.perf_counter(), time.process_time()
        counts = await asyncio.gather(*(ask(s, t) for s in SYMBOLS for t in TIMEFRAMES))
        assert min(counts) >= BARS
        return time.perf_counter() - begun, time.process_time() - cpu


async def main(url: str) -> None:
    """Interleaved rounds, medians."""
    ours, ideal = [], []
    for _ in range(ROUNDS):
        ideal.append(await bare(url))
        ours.append(await snapshot(url, is_limited=False, symbols=SYMBOLS))
    print(
        f"{len(SYMBOLS)} symbols x {len(TIMEFRAMES)} timeframes, {1000 * LATENCY_S:.0f} ms latency"
    )
    (ideal_s, ideal_cpu_s), (wall_s, cpu_s) = (
        [median(column) for column in zip(*rows, strict=True)] for rows in (ideal, ours)
    )
    print(f"bare aiohttp   {ideal_s:6.3f} s          CPU {ideal_cpu_s:.3f} s")
    ratio = median(own / best for (own, _), (best, _) in zip(ours, ideal, strict=True))
    print(f"plangate       {wall_s:6.3f} s  {ratio:.2f}x   CPU {cpu_s:.3f} s")
    few = SYMBOLS[:4]
    limited, _ = await snapshot(url, is_limited=True, symbols=few)
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
