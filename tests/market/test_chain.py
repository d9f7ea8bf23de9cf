"""Three exchanges of two families in one chain, by the real ccxt clients over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.candles import Timeframe
from domain.clock import FixedClock
from domain.errors import ConfigError, DataError, UnknownSymbol, Unreachable
from market.observe import Observer
from market.price_collar import QuotedPrice, collar_of
from market.sources.chain import ChainSource, home_of
from market.sources.exchange import ExchangeSource
from market.sources.open import make_source
from tests.contracts.test_market_source import hand_made
from tests.servers.exchange_server import ExchangeServer, Failure
from tests.servers.spot_server import SpotServer

BTC = "BTC/USDT"
HOME, OTHER, SPOT = "ccxt:binance", "ccxt:binanceus", "ccxt:bitfinex"
GONE = Failure(502, "<html>bad gateway</html>")


class Seconds:
    """A monotonic clock that is moved by hand."""

    at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


@dataclass
class Chained:
    chain: ChainSource
    home: ExchangeServer
    other: ExchangeServer
    spot: SpotServer
    at: datetime
    seconds: Seconds

    def sink(self, server: ExchangeServer, **endpoints: Failure) -> None:
        server.broken = dict.fromkeys(("klines", "24hr", "depth", "aggTrades"), GONE) | endpoints


@asynccontextmanager
async def chained(
    *, other_price: float = 1.0, spot_price: float = 1.0, is_home_open: bool = True
) -> AsyncIterator[Chained]:
    now = datetime.now(UTC)
    series = hand_made(start=Timeframe.H1.floor(now) - timedelta(hours=800))

    def times(factor: float) -> object:
        columns = {n: getattr(series, n) * factor for n in ("open", "high", "low", "close")}
        return replace(series, **columns)

    async with (
        ExchangeServer({BTC: series, "ETH/USDT": series}, now) as home,
        ExchangeServer({BTC: times(other_price)}, now) as other,  # type: ignore[dict-item]
        SpotServer({"BTC/UST": times(spot_price)}, now) as spot,  # type: ignore[dict-item]
    ):
        seconds = Seconds()
        sources = [
            ExchangeSource(name, FixedClock(now), url, is_limited=False, retry_delays_s=())
            for name, url in (
                ("binance", home.url),
                ("binanceus", other.url),
                ("bitfinex", spot.url),
            )
        ]
        chain = ChainSource(sources, (HOME, OTHER, SPOT), monotonic=seconds)
        try:
            if not is_home_open:
                home.broken = {"exchangeInfo": GONE}
            await chain.open([BTC])
            spot.requests.clear()
            yield Chained(chain, home, other, spot, now, seconds)
        finally:
            await chain.close()


async def test_the_next_exchange_answers_and_each_datum_says_whose_it_is() -> None:
    async with chained() as c:
        observer = Observer(c.chain, Timeframe.H1, (BTC,))
        before = await observer.snapshot(BTC, c.at)
        assert {p.source for p in before.provenance.values()} == {HOME}
        c.sink(c.home)
        c.seconds.at_s += 1
        after = await observer.snapshot(BTC, c.at)
        sources = {datum: p.source for datum, p in after.provenance.items()}
        assert sources["last"] == sources["book"] == OTHER
        assert sources["candles.4h"] in {HOME, OTHER}
        assert HOME in c.chain.left_out()
        assert "502" in c.chain.left_out()[HOME]
        assert c.chain.info.name == "ccxt:binance,binanceus,bitfinex"


async def test_candles_are_of_one_exchange_and_called_by_its_own_name() -> None:
    async with chained(spot_price=1.001) as c:
        c.sink(c.home)
        c.sink(c.other)
        candles = await c.chain.candles(BTC, Timeframe.H1, c.at, 50)
        truth = hand_made().close[750:800] * 1.001
        assert candles.close.tolist() == pytest.approx(truth.tolist())
        assert c.chain.answered_by("candles.1h", BTC) == SPOT
        assert c.chain.instrument(BTC).price_tick == Decimal("0.1")
        assert {name for name, _ in c.spot.requests} == {"candles"}


async def test_home_is_asked_again_after_a_minute_and_not_before() -> None:
    async with chained() as c:
        c.sink(c.home)
        await c.chain.book(BTC, c.at)
        asked = c.home.count("depth")
        c.home.broken = {}
        c.seconds.at_s += 59
        await c.chain.book(BTC, c.at)
        assert (c.home.count("depth"), c.chain.answered_by("book", BTC)) == (asked, OTHER)
        c.seconds.at_s += 2
        await c.chain.book(BTC, c.at)
        assert (c.home.count("depth"), c.chain.answered_by("book", BTC)) == (asked + 1, HOME)
        assert not c.chain.left_out()


async def test_an_exchange_is_left_alone_for_as_long_as_it_asks() -> None:
    async with chained() as c:
        c.home.broken = {"depth": Failure(429, "{}", {"Retry-After": "3600"})}
        await c.chain.book(BTC, c.at)
        c.home.broken = {}
        c.seconds.at_s += 3500
        await c.chain.book(BTC, c.at)
        assert c.chain.answered_by("book", BTC) == OTHER


async def test_when_nobody_answers_each_complaint_is_told() -> None:
    async with chained() as c:
        for server in (c.home, c.other):
            c.sink(server)
        c.spot.broken = {"book": GONE}
        with pytest.raises(Unreachable, match=r"binance: .*502.*binanceus: .*bitfinex: ") as caught:
            await c.chain.book(BTC, c.at)
        assert caught.value.retry_after_s == 60


async def test_a_price_that_one_exchange_alone_has_is_refused_and_named() -> None:
    async with chained() as c:
        tick = await c.chain.tick(BTC, c.at)
        assert tick is not None
        assert c.home.count("24hr") == c.other.count("24hr") == c.spot.count("ticker") == 1
    async with chained(other_price=1.02, spot_price=1.021) as c:
        with pytest.raises(DataError, match=r"binance 2.*-1\d\d\.\d bps.*median.*collar 100 bps"):
            await Observer(c.chain, Timeframe.H1, (BTC,)).snapshot(BTC, c.at)
        collar = await c.chain.collar(BTC, c.at)
        assert collar is not None
        assert [q.source for q in collar.outside] == [HOME]


async def test_a_price_is_not_held_against_one_that_does_not_come() -> None:
    async with chained(other_price=1.5) as c:
        c.sink(c.other)
        c.spot.broken = {"ticker": GONE}
        assert await c.chain.tick(BTC, c.at)


async def test_orders_meet_home_alone() -> None:
    async with chained() as c:
        c.sink(c.home)
        home = home_of(c.chain)
        assert home is c.chain.home
        assert home_of(home) is home
        with pytest.raises(Unreachable, match="binance "):
            await home.bars_after(BTC, c.at - timedelta(hours=1), c.at)
        assert len(await c.chain.bars_after(BTC, c.at - timedelta(hours=1), c.at)) > 50


async def test_without_home_no_session_begins_and_without_a_standby_one_does() -> None:
    with pytest.raises(Unreachable, match="binance load_markets"):
        async with chained(is_home_open=False):
            pass
    async with chained() as c:
        await c.chain.open(["ETH/USDT"])
        c.sink(c.home)
        with pytest.raises(Unreachable, match="no exchange of the chain"):
            await c.chain.book("ETH/USDT", c.at)
        with pytest.raises(UnknownSymbol, match="at ccxt:binance;"):
            await c.chain.open(["LTC/USDT"])


def test_two_prices_have_no_majority_and_one_none() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    high, low = QuotedPrice("a", Decimal(103), at), QuotedPrice("b", Decimal(100), at)
    two = collar_of([high, low])
    assert two.outside == (high, low)
    assert two.sentence() == (
        "a 103 (+147.8 bps), b 100 (-147.8 bps); median 101.5, collar 100 bps"
    )
    assert collar_of([high]).outside == ()
    assert collar_of([high, low], Decimal(150)).outside == ()


@pytest.mark.parametrize(
    ("spec", "url", "said"),
    [
        ("ccxt:binance,binance", None, "different names"),
        ("ccxt:binance,", None, "different names"),
        ("ccxt:binance,bybit", "http://127.0.0.1:1", "1 addresses were given for 2"),
        ("ccxt:binance,bybit@wide", None, "@50bps"),
        ("ccxt:binance,bybit@-5bps", None, "@50bps"),
    ],
)
def test_a_chain_that_cannot_be_is_refused(spec: str, url: str | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make_source(spec, clock=FixedClock(datetime.now(UTC)), base_url=url)


def test_a_chain_is_made_from_its_name() -> None:
    clock = FixedClock(datetime.now(UTC))
    assert isinstance(make_source("ccxt:binance,bybit@50bps", clock=clock), ChainSource)
    assert isinstance(make_source("ccxt:binance", clock=clock), ExchangeSource)
