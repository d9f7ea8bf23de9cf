"""What doctor says of exchanges on loopback, by the real ccxt clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.market_health import market_checks
from domain.candles import Timeframe
from tests.contracts.test_market_source import hand_made
from tests.servers.exchange_server import ExchangeServer, Failure
from tests.servers.spot_server import SpotServer


def hours() -> Any:
    return hand_made(start=Timeframe.H1.floor(datetime.now(UTC)) - timedelta(hours=800))


async def test_an_exchange_shows_latency_clock_limits_and_offers() -> None:
    behind = timedelta(seconds=5)
    async with ExchangeServer({"BTC/USDT:USDT": hours()}, lambda: datetime.now(UTC) - behind) as s:
        s.delays_s["time"] = 0.05
        checks = {c.name: c for c in await market_checks("ccxt:binanceusdm", s.url)}
    reached = checks["binanceusdm"]
    assert (reached.status, reached.facts["markets_count"]) == ("ok", 1)
    assert 50 <= reached.facts["latency_ms"] < 1_000
    assert checks["clock"].status == "note"
    assert 4.5 < checks["clock"].facts["clock_skew_s"] < 5.5
    assert "timedatectl" in checks["clock"].detail
    assert checks["limits"].detail.startswith("50 ms between cheap requests (about 1200 a minute)")
    assert checks["offers"].facts["streams"] is True
    assert "order_book" in checks["offers"].facts["offers"]
    assert "10 closed 1h candles of BTC/USDT:USDT" in checks["market"].detail


async def test_an_exchange_that_is_away_ends_the_look_with_what_to_do() -> None:
    async with ExchangeServer({"BTC/USDT:USDT": hours()}) as server:
        server.broken = {"exchangeInfo": Failure(451, "<html>not from here</html>")}
        (away,) = await market_checks("ccxt:binanceusdm", server.url)
    assert (away.status, away.exit_code) == ("broken", 4)
    assert away.detail.endswith("it serves nobody from here: name another exchange")
    (named,) = await market_checks("ccxt:binance,binance", None)
    assert (named.name, named.status, named.exit_code) == ("market", "broken", 3)
    (mixed,) = await market_checks("ccxt:binance,store:kept", None)
    assert mixed.status == "broken"
    assert mixed.detail.startswith("'store:kept' cannot be in a chain")


async def test_a_chain_shows_each_exchange_and_their_prices_around_the_median() -> None:
    async with (
        ExchangeServer({"BTC/USDT": hours()}) as home,
        SpotServer({"BTC/UST": hours()}) as spot,
        ExchangeServer({"BTC/USDT": hours()}) as away,
    ):
        away.broken = {"exchangeInfo": Failure(503, "{}")}
        urls = f"{home.url},{spot.url},{away.url}"
        spot.status = 1
        checks = await market_checks("ccxt:binance,bitfinex,binanceus", urls)
    by_name = {c.name: c for c in checks}
    assert by_name["bitfinex"].status == "note"
    assert "in maintenance: no entry" in by_name["bitfinex"].detail
    assert by_name["binanceus"].status == "note"
    assert by_name["binanceus"].facts == {"reachable": False}
    assert set(by_name["prices"].facts) == {"ccxt:binance", "ccxt:bitfinex"}
    assert "median" in by_name["prices"].detail
    clocks = [c for c in checks if c.name == "clock"]
    assert [c.status for c in clocks] == ["ok", "ok"]
    assert abs(clocks[1].facts["clock_skew_s"]) <= 1, "by the date of its answers"
