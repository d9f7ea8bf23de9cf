"""Sessions over the real ccxt client, against an exchange on loopback: replayed and live."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import iso, to_ms
from tests.e2e.command import Ran, plangate
from tests.servers.exchange_server import ExchangeServer

SYMBOL = "BTC/USDT:USDT"


def minutes(start: datetime, days: int) -> Series:
    """A random walk of one-minute candles."""
    count = days * 1440
    generator = np.random.default_rng(3)
    close = np.round(40_000 * np.exp(np.cumsum(generator.normal(0, 0.0006, count))), 1)
    opened = np.concatenate([[40_000.0], close[:-1]])
    spread = np.round(np.abs(generator.normal(0, 8, count)), 1)
    return Series(
        Timeframe.M1,
        to_ms(start) + np.arange(count, dtype=np.int64) * 60_000,
        opened,
        np.round(np.maximum(opened, close) + spread, 1),
        np.round(np.minimum(opened, close) - spread, 1),
        close,
        np.round(generator.uniform(5, 50, count), 3),
    )


def hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


async def run(home: Path, url: str, *words: str) -> Ran:
    market = ("run", SYMBOL, "--market", "ccxt:binanceusdm", "--market-url", url)
    return await asyncio.to_thread(plangate, home, *market, *words, "--json")


async def test_history_over_ccxt_is_replayed_with_fills_and_funding(tmp_path: Path) -> None:
    now = hour(datetime.now(UTC))
    start = now - timedelta(days=24)
    first = datetime(start.year, start.month, start.day, tzinfo=UTC)
    funding = [(first + timedelta(hours=8 * i), Decimal("0.0001")) for i in range(80)]
    series = minutes(first, 25)
    async with ExchangeServer({SYMBOL: series}, now, funding={SYMBOL: funding}) as server:
        ran = await run(
            tmp_path, server.url, "--timeframe", "1h", "--every", "2",
            "--from", iso(now - timedelta(days=3)), "--to", iso(now - timedelta(hours=1)),
        )  # fmt: skip
    assert ran.code == 0, ran.err
    document = ran.document
    assert document["market"]["source"] == "ccxt:binanceusdm"
    assert len(document["decisions"]) == 36
    assert document["account"]["replayed_from_fills"]["equal"] is True
    assert not [d for d in document["decisions"] if d["outcome"] == "failed"]


async def test_a_live_decision_sees_the_book_and_ends(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first = hour(now - timedelta(days=20))
    funding = [(first + timedelta(hours=8 * i), Decimal("0.0001")) for i in range(60)]
    async with ExchangeServer({SYMBOL: minutes(first, 21)}, funding={SYMBOL: funding}) as server:
        ran = await run(tmp_path, server.url, "--timeframe", "1h", "--decisions", "1")
    assert ran.code == 0, ran.err
    (decision,) = ran.document["decisions"]
    assert decision["outcome"] in {"approved", "denied", "no_trade"}, decision["reason"]
    assert ran.document["market"]["order_book"] == "offered"
    assert {"depth", "klines", "fundingRate"} <= {name for name, _ in server.requests}


async def test_an_exchange_that_answers_with_html_is_unreachable_not_empty(tmp_path: Path) -> None:
    series = minutes(hour(datetime.now(UTC) - timedelta(days=2)), 3)
    async with ExchangeServer({SYMBOL: series}) as server:
        server.failures = [(502, "<html>bad gateway</html>")] * 50
        ran = await run(tmp_path, server.url, "--decisions", "1")
    assert ran.code == 4, ran.err
    assert "Traceback" not in ran.err
