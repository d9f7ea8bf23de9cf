"""What an exchange says of itself, asked by the real ccxt client over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock
from domain.candles import Timeframe
from market.observe import Observer
from market.sources.exchange import ExchangeSource
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_venue import VenueWatch
from tests.market.test_exchange_source import BTC, NOW, history
from tests.servers.exchange_server import ExchangeServer

REFUSED = (400, '{"code":-1,"msg":"not now"}')


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


@asynccontextmanager
async def watched(
    exchange: str = "binance",
    now: Callable[[], datetime] = lambda: NOW,
    patience_s: float = 5,
) -> AsyncIterator[tuple[ExchangeServer, VenueWatch, Seconds]]:
    async with ExchangeServer({BTC: history(9)}, NOW) as server:
        client, seconds = ExchangeClient(exchange, server.url), Seconds()
        await client.open()
        server.requests.clear()
        try:
            yield server, VenueWatch(client, now, seconds, patience_s), seconds
        finally:
            await client.close()


@pytest.mark.parametrize("off_s", [0, 2.5, -90])
async def test_the_skew_is_our_clock_minus_the_exchange_s(off_s: float) -> None:
    async with watched(now=lambda: NOW + timedelta(seconds=off_s)) as (_, watch, _):
        skew = (await watch.state()).clock_skew_s
        assert skew is not None
        assert off_s - 0.5 < skew <= off_s


async def test_the_way_there_and_back_is_shared_between_both_clocks() -> None:
    async with watched() as (server, watch, _):
        server.delays_s["time"] = 0.4
        skew = (await watch.state()).clock_skew_s
        assert skew is not None
        assert -0.5 < skew <= -0.19


async def test_what_is_closed_is_reckoned_by_the_newest_time_that_the_exchange_told() -> None:
    async with ExchangeServer({BTC: history(9)}, NOW) as server:
        seconds = Seconds()
        client = ExchangeClient("binance", server.url, monotonic=seconds)
        await client.open()
        try:
            assert client.now() == NOW
            seconds.at_s += 60
            assert client.now() == NOW + timedelta(seconds=60)
            server.move_to(NOW + timedelta(hours=1))
            await VenueWatch(client, lambda: NOW, seconds).state()
            assert client.now() == NOW + timedelta(hours=1)
        finally:
            await client.close()


@pytest.mark.parametrize(("code", "status"), [(0, "open"), (1, "maintenance"), (7, None)])
async def test_the_exchange_s_status_is_translated(code: int, status: str | None) -> None:
    async with watched() as (server, watch, _):
        server.status = code
        assert (await watch.state()).status == status


async def test_both_questions_are_asked_once_a_minute() -> None:
    async with watched() as (server, watch, seconds):
        first = await watch.state()
        server.status, seconds.at_s = 1, 159.9
        assert await watch.state() == first
        assert (server.count("time"), server.count("status")) == (1, 1)
        seconds.at_s = 160
        assert (await watch.state()).status == "maintenance"
        assert (server.count("time"), server.count("status")) == (2, 2)


async def test_a_status_on_another_host_is_not_asked_for() -> None:
    async with watched("binanceusdm") as (server, watch, _):
        server.status = 1
        assert (await watch.state()).status == "open"
        assert server.count("status") == 0


@pytest.mark.parametrize(
    ("exchange", "broken", "status", "skewed"),
    [
        ("binance", "time", "open", False),
        ("binance", "status", None, True),
        ("binanceusdm", "time", None, False),
    ],
)
async def test_an_unanswered_question_is_none(
    exchange: str, broken: str, status: str | None, skewed: bool
) -> None:
    async with watched(exchange) as (server, watch, seconds):
        server.broken = {broken: REFUSED}
        state = await watch.state()
        assert (state.status, state.clock_skew_s is not None) == (status, skewed)
        server.broken = {}
        assert await watch.state() == state
        seconds.at_s += 60
        healed = await watch.state()
        assert healed.status == "open"
        assert healed.clock_skew_s is not None


@pytest.mark.parametrize("slow", ["time", "status"])
async def test_an_answer_that_takes_too_long_is_none(slow: str) -> None:
    async with watched(patience_s=0.2) as (server, watch, _):
        server.delays_s[slow] = 1
        state = await watch.state()
        assert (state.clock_skew_s is None) == (slow == "time")
        assert (state.status is None) == (slow == "status")


async def test_a_time_that_is_none_is_unanswered() -> None:
    async with watched() as (server, watch, _):
        server.broken = {"time": (200, "{}")}
        assert (await watch.state()).clock_skew_s is None


@asynccontextmanager
async def live(
    off_s: float = 0, listing: dict[str, str] | None = None, **broken: tuple[int, str]
) -> AsyncIterator[ExchangeSource]:
    """A source over a time that runs, whose exchange is `off_s` behind us."""
    begins = datetime.now(UTC) - NOW

    def there() -> datetime:
        return datetime.now(UTC) - begins

    def here() -> datetime:
        return there() + timedelta(seconds=off_s)

    async with ExchangeServer({BTC: history()}, there) as server:
        server.listing = listing or {}
        source = ExchangeSource("binanceusdm", SystemClock(here), server.url)
        try:
            await source.open([BTC])
            server.broken = broken
            yield source
        finally:
            await source.close()


async def test_a_live_source_tells_skew_and_status() -> None:
    async with live(3) as source:
        state = await source.venue(NOW)
        assert state.status == "open"
        assert state.clock_skew_s == pytest.approx(3, abs=0.5)


async def test_a_clock_that_is_far_behind_is_told_and_not_taken_for_a_replay() -> None:
    async with live(-900) as source:
        assert (await source.venue(NOW - timedelta(seconds=900))).clock_skew_s == pytest.approx(
            -900, abs=0.5
        )


async def test_an_exchange_that_trades_none_of_the_symbols_is_closed() -> None:
    async with live(listing={"status": "SETTLING"}) as source:
        assert not source.instrument(BTC).active
        state = await source.venue(NOW)
        assert state.status == "closed"
        assert state.clock_skew_s == pytest.approx(0, abs=0.5)


async def test_a_snapshot_goes_on_without_the_venue_s_answer() -> None:
    async with live(time=REFUSED) as source:
        snapshot = await Observer(source, Timeframe.H1, (BTC,)).snapshot(BTC, NOW)
        assert (snapshot.venue_status, snapshot.clock_skew_s) == (None, None)
        assert "clock skew: ccxt:binanceusdm did not tell its time" in snapshot.missing
        assert snapshot.last > 0
