"""Prices by ccxt.pro over a websocket on loopback: fresh, silent, broken, back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.clock import SystemClock
from app.price_watch import PriceWatch
from domain.candles import Timeframe
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus
from domain.orders import Order
from market.protocol import StreamingSource
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_stream import PriceStream
from market.sources.exchange_streamed import StreamedExchange
from market.sources.scripted import ScriptedSource
from tests.contracts.test_market_source import hand_made
from tests.servers.exchange_server import ExchangeServer, Failure

BTC = "BTC/USDT:USDT"


@asynccontextmanager
async def served() -> AsyncIterator[ExchangeServer]:
    hours = hand_made(60, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    async with ExchangeServer({BTC: hours}) as server:
        yield server


@asynccontextmanager
async def streaming(server: ExchangeServer, silence_s: float = 20) -> AsyncIterator[PriceStream]:
    client = ExchangeClient("binanceusdm", server.url)
    await client.open()
    stream = PriceStream(client, server.url, [BTC], silence_s, (0.01,))
    stream.start()
    try:
        await asyncio.wait_for(server.subscribed.wait(), 30)
        yield stream
    finally:
        await stream.stop()
        await stream.stop()
        await client.close()


async def test_a_streamed_price_is_the_newest_known_then_and_only_while_it_is_fresh() -> None:
    async with served() as server, streaming(server) as stream:
        before = datetime.now(UTC)
        await server.push(BTC, "20001.5")
        assert await stream.next_price(5)
        now = datetime.now(UTC)
        tick = stream.newest(BTC, now)
        assert tick is not None
        assert tick.price == Decimal("20001.5")
        assert tick.at <= now
        assert stream.newest(BTC, before - timedelta(seconds=1)) is None
        assert stream.newest(BTC, now + timedelta(seconds=6)) is None
        assert stream.newest("ETH/USDT:USDT", now) is None
        assert not await stream.next_price(0.01)


async def test_a_stream_that_breaks_is_built_anew_and_both_are_said_once() -> None:
    async with served() as server, streaming(server) as stream:
        await server.push(BTC, "1.5")
        await stream.next_price(5)
        server.refuses_streams = True
        await server.hang_up()
        async with asyncio.timeout(5):
            while not stream.notices:
                await asyncio.sleep(0.01)
        server.refuses_streams = False
        await asyncio.wait_for(server.subscribed.wait(), 10)
        await server.push(BTC, "2.5")
        assert await stream.next_price(5)
        broken, again = stream.notices
        assert "no longer stream" in broken
        assert again == "prices of ccxt:binanceusdm stream again"


async def test_a_silent_stream_is_not_trusted_for_ever() -> None:
    async with served() as server, streaming(server, silence_s=0.3) as stream:
        server.subscribed.clear()
        await asyncio.wait_for(server.subscribed.wait(), 10)
        assert stream.notices[0] == (
            "prices of ccxt:binanceusdm no longer stream (no trade in 0 s): they are asked for"
        )


def order(leg: str, side: str, price: str) -> Order:
    return Order(
        client_order_id=f"{leg}-{price}", plan_id="p", run_id="r", symbol=BTC,
        leg=leg, side=side, kind="stop_market" if leg == "stop" else "limit",  # type: ignore[arg-type]
        quantity=Decimal(1), price=Decimal(price), reduce_only=True,
        created_at=datetime.now(UTC), status=OrderStatus.WORKING,
    )  # fmt: skip


async def test_a_wait_ends_when_a_stop_is_touched_and_prices_are_polled_without_a_stream() -> None:
    async with served() as server:
        source, told = StreamedExchange("binanceusdm", SystemClock(), server.url), list[str]()
        orders = [order("stop", "sell", "19000"), order("target", "sell", "21000")]
        watch = PriceWatch(source, lambda: orders, lambda: datetime.now(UTC), told.append)
        await source.open([BTC])
        try:
            polled = await source.tick(BTC, datetime.now(UTC))
            assert polled is not None
            assert isinstance(source, StreamingSource)
            assert not await source.next_price(0.01)
            await watch.begin([BTC])
            await asyncio.wait_for(server.subscribed.wait(), 30)
            asked = server.count("24hr")
            pausing = asyncio.create_task(watch.pause(60))
            await server.push(BTC, "19500")
            await asyncio.sleep(0.05)
            streamed = await source.tick(BTC, datetime.now(UTC))
            assert streamed is not None
            assert (streamed.price, server.count("24hr")) == (Decimal(19500), asked)
            assert not pausing.done()
            await server.push(BTC, "18990")
            await asyncio.wait_for(pausing, 5)
            assert told[0].startswith(f"{BTC}: the stop at 19000 was touched, 18990.0 at ")
            await watch.pause(0.05)
            assert len(told) == 1
            await server.hang_up()
            assert await source.tick(BTC, datetime.now(UTC) + timedelta(seconds=6)) is not None
            assert server.count("24hr") == asked + 1
        finally:
            await source.close()


@pytest.mark.parametrize(
    ("leg", "side", "price", "wakes"),
    [
        ("stop", "buy", "100", True),
        ("stop", "buy", "101", False),
        ("target", "buy", "100", True),
        ("target", "buy", "99", False),
        ("target", "sell", "100", True),
        ("stop", "sell", "99", False),
    ],
)
def test_each_exit_is_reached_from_its_own_side(
    leg: str, side: str, price: str, *, wakes: bool
) -> None:
    from app.price_watch import _reaches
    from market.protocol import Tick

    assert _reaches(order(leg, side, price), Tick(Decimal(100), datetime.now(UTC))) is wakes


async def test_a_source_without_a_stream_is_only_waited_for() -> None:
    watch = PriceWatch(ScriptedSource({}), list, lambda: datetime.now(UTC), print)
    await watch.begin([BTC])
    await watch.pause(0.01)


@asynccontextmanager
async def followed(server: ExchangeServer) -> AsyncIterator[StreamedExchange]:
    """A source whose stream has been seen from a minute before the exchange's next one."""
    source = StreamedExchange("binanceusdm", SystemClock(), server.url, retry_delays_s=())
    await source.open([BTC])
    try:
        await source.watch([BTC])
        await asyncio.wait_for(server.subscribed.wait(), 30)
        yield source
    finally:
        await source.close()


async def traded(
    server: ExchangeServer, source: StreamedExchange, *trades: tuple[int, str]
) -> None:
    """Trades stamped so many seconds after the exchange's present, each seen by the source."""
    for second, price in trades:
        await server.push(BTC, price, timedelta(seconds=second))
        assert await source.next_price(5)


BANNED = Failure(429, "{}", {"Retry-After": "3600"})


async def test_streamed_minutes_stand_in_for_an_exchange_that_wants_to_be_left_alone() -> None:
    present = datetime.now(UTC)
    async with served() as server, followed(server) as source:
        start = Timeframe.M1.floor(present)
        server.move_to(start)
        await traded(server, source, (-61, "20000"), (-60, "20010"), (-30, "19000"), (-1, "19500"))
        server.broken = {"klines": BANNED, "24hr": BANNED}
        asked = (BTC, start - timedelta(minutes=1), start)
        with pytest.raises(Unreachable, match="3600"):
            await source.bars_after(BTC, start - timedelta(minutes=2), start)
        assert len(await source.bars_after(*asked)) == 0, "no trade has shown yet that it is over"
        await traded(server, source, (1, "19600"))
        bars = await source.bars_after(*asked)
        assert [bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]] == [
            20010, 20010, 19000, 19500, 1.5,
        ]  # fmt: skip
        await source.bars_after(*asked)
        (said,) = source.notices()
        assert "does not answer before" in said
        tick = await source.tick(BTC, start)
        assert tick is not None
        assert tick.price == Decimal(19500)
        older = await source.tick(BTC, start + timedelta(seconds=20))
        assert older is not None
        assert older.price == Decimal(19600)
        with pytest.raises(Unreachable):
            await source.tick(BTC, start + timedelta(seconds=90))
        assert server.count("klines") == 1, "a banned exchange is not asked"


async def test_an_interruption_leaves_the_error_as_it_is() -> None:
    async with served() as server, followed(server) as source:
        start = Timeframe.M1.floor(datetime.now(UTC))
        server.move_to(start)
        await traded(server, source, (-61, "20000"), (-60, "20010"))
        await server.hang_up()
        await asyncio.wait_for(server.subscribed.wait(), 10)
        await traded(server, source, (-1, "19500"), (1, "19600"))
        server.broken = {"klines": BANNED}
        with pytest.raises(Unreachable):
            await source.bars_after(BTC, start - timedelta(minutes=1), start)


async def test_a_hanging_exchange_does_not_hold_up_what_its_stream_can_answer() -> None:
    async with served() as server, followed(server) as source:
        start = Timeframe.M1.floor(datetime.now(UTC))
        server.move_to(start)
        await traded(server, source, (-61, "20000"), (-60, "20010"), (1, "19600"))
        server.delays_s = {"klines": 8.0}
        asked = (BTC, start - timedelta(minutes=1), start)
        async with asyncio.timeout(6):
            assert len(await source.bars_after(*asked)) == 1
        assert "does not answer:" in source.notices()[0]
        server.delays_s = {}
        await source.bars_after(*asked)
        assert source.notices() == [
            "ccxt:binanceusdm answers again: orders fill on its own minutes"
        ]
