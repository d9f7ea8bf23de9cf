"""The real ccxt client against an exchange on loopback: pages, errors, time, instruments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.candles import Candles, Series, Timeframe
from domain.clock import FixedClock, to_ms
from domain.errors import ConfigError, DataError, UnknownSymbol, Unreachable
from market.protocol import INTEREST_TOLD_AFTER
from market.sources.exchange import ExchangeSource
from market.sources.exchange_market import find_market, to_book, to_instrument, to_trades
from tests.market.quality_zoo import StillClock
from tests.servers.exchange_server import ExchangeServer, split

START = datetime(2023, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=110, hours=5, minutes=20, seconds=30)
BTC = "BTC/USDT:USDT"


def history(days: int = 120) -> Series:
    draw = np.random.default_rng(5)
    close = np.round(20_000 * np.exp(np.cumsum(0.004 * draw.standard_normal(days * 24))), 1)
    opens = np.concatenate([[20_000.0], close[:-1]])
    return Series(
        Timeframe.H1,
        to_ms(START) + np.arange(days * 24, dtype=np.int64) * 3_600_000,
        opens,
        np.maximum(opens, close) + 5,
        np.minimum(opens, close) - 5,
        close,
        np.round(draw.random(days * 24) * 100, 3),
    )


@asynccontextmanager
async def exchange(at: datetime = NOW) -> AsyncIterator[tuple[ExchangeServer, ExchangeSource]]:
    async with ExchangeServer({BTC: history(), "ETH/USDT:USDT": history()}, NOW) as server:
        source = ExchangeSource("binanceusdm", FixedClock(at), server.url)
        try:
            await source.open([BTC])
            yield server, source
        finally:
            await source.close()


async def test_many_pages_make_one_history_and_nothing_is_fetched_twice() -> None:
    async with exchange() as (server, source):
        candles = await source.candles(BTC, Timeframe.H1, NOW, 2_400)
        truth = Candles.whole(history()).until(NOW).last(2_400)
        assert candles.close.tolist() == truth.close.tolist()
        assert candles.open_ms.tolist() == truth.open_ms.tolist()
        pages = server.count("klines")
        assert pages == 3
        again = await source.candles(BTC, Timeframe.H1, NOW - timedelta(days=40), 1_000)
        assert server.count("klines") == pages
        assert again.series is candles.series
        older = await source.candles(BTC, Timeframe.H1, NOW - timedelta(days=80), 500)
        assert len(older) == 500
        assert server.count("klines") == pages + 1


async def test_of_the_present_no_more_rows_are_asked_for_than_there_are() -> None:
    async with exchange() as (server, source):

        def asked() -> list[int]:
            return [int(query["limit"]) for name, query in server.requests if name == "klines"]

        candles = await source.candles(BTC, Timeframe.H1, NOW, 300)
        assert len(candles) == 300
        assert asked() == [301], "300 that are closed and the one that forms"
        long = await source.candles(BTC, Timeframe.M30, NOW, 1_200)
        assert len(long) == 1_200
        assert asked()[1:] == [1_000, 202], "a page begins with the last row of the one before"
        await source.candles(BTC, Timeframe.H1, START + timedelta(days=40), 300)
        assert asked()[3] == 1_000, "of the past, a page"


async def test_a_new_candle_is_fetched_once_it_has_closed_at_the_exchange() -> None:
    async with exchange() as (server, source):
        await source.candles(BTC, Timeframe.H1, NOW, 50)
        pages = server.count("klines")
        later = NOW + timedelta(hours=1)
        early = await source.candles(BTC, Timeframe.H1, later, 50)
        assert early.known_at == Timeframe.H1.floor(NOW)
        assert server.count("klines") == pages


async def test_a_replay_reads_pages_ahead_and_sees_none_of_it() -> None:
    async with exchange(START) as (server, source):
        seen = []
        for hour in range(0, 200, 10):
            at = START + timedelta(days=30, hours=hour)
            candles = await source.candles(BTC, Timeframe.H1, at, 300)
            assert candles.known_at == at
            seen.append(candles.series)
        assert server.count("klines") == 1
        assert len(set(map(id, seen))) == 1


async def test_the_past_is_answered_without_book_and_ticker() -> None:
    async with exchange(START) as (server, source):
        at = START + timedelta(days=20, seconds=30)
        tick = await source.tick(BTC, at)
        assert tick is not None
        assert tick.at == at - timedelta(seconds=30)
        assert float(tick.price) == history().open[20 * 24]
        assert await source.book(BTC, at) is None
        told = at + INTEREST_TOLD_AFTER
        assert await source.open_interest(BTC, told) == 720, "of the exchange's history"
        assert await source.open_interest(BTC, at) == 710, "the hour's is not told yet"
        assert list(await source.trades(BTC, at, 10)) == []
        funding = await source.funding(BTC, at)
        assert funding is not None
        assert (funding.known_at, funding.interval_hours) == (START + timedelta(days=20), 8)
        assert len(funding.recent_rates) == 12
        assert not {"24hr", "depth", "aggTrades", "openInterest", "premiumIndex"} & {
            name for name, _ in server.requests
        }


async def test_the_present_is_answered_by_ticker_book_trades_and_open_interest() -> None:
    async with exchange() as (_, source):
        tick, book = await source.tick(BTC, NOW), await source.book(BTC, NOW)
        assert tick is not None
        assert book is not None
        assert tick.at == NOW
        assert (book.origin, len(book.bids), len(book.asks)) == ("venue", 20, 20)
        assert book.mid == tick.price
        assert await source.open_interest(BTC, NOW) == Decimal("12345.6")
        trades = await source.trades(BTC, NOW, 10)
        assert len(trades) == 10
        assert trades[-1].at <= NOW
        assert {t.aggressor for t in trades} == {"buy", "sell"}
        funding = await source.funding(BTC, NOW)
        assert funding is not None
        assert funding.next_at == START + timedelta(days=110, hours=8)


async def test_payments_of_a_long_window_are_all_there() -> None:
    async with exchange(START) as (server, source):
        stamps = await source.funding_stamps(BTC, START, START + timedelta(days=100))
        assert len(stamps) == 300
        assert stamps[0].at == START + timedelta(hours=8)
        asked = server.count("fundingRate")
        assert len(await source.funding_stamps(BTC, START, START + timedelta(days=9))) == 27
        assert server.count("fundingRate") == asked
        late = await source.funding_stamps(BTC, START, NOW)
        assert len(late) == 330
        assert len({stamp.at for stamp in late}) == 330


async def test_the_instrument_is_the_exchange_s() -> None:
    async with exchange() as (_, source):
        await source.open(["ETH/USDT"])
        short, unified = source.instrument("ETH/USDT"), source.instrument("ETH/USDT:USDT")
        assert short is unified
        assert (short.symbol, short.kind) == ("ETH/USDT:USDT", "perpetual")
        assert (short.base, short.quote) == ("ETH", "USDT")
        assert (short.price_tick, short.quantity_step) == (Decimal("0.1"), Decimal("0.001"))
        assert (short.min_quantity, short.min_notional) == (Decimal("0.001"), Decimal(100))
        assert short.max_quantity == 1000
        assert (short.min_price_ratio, short.max_price_ratio) == (Decimal("0.85"), Decimal("1.15"))
        assert source.info.origin == "live"
        assert source.info.offers == {
            "order_book", "trades", "funding", "open_interest", "open_interest_history"
        }  # fmt: skip


async def test_a_read_is_tried_again_when_nobody_answered() -> None:
    async with exchange() as (server, source):
        server.failures = [(502, "<html>bad gateway</html>")]
        assert await source.tick(BTC, NOW) is not None
        assert server.count("24hr") == 2


async def test_an_exchange_that_cannot_be_reached_says_so() -> None:
    async with ExchangeServer({BTC: history()}, NOW) as server:
        url = server.url
    source = ExchangeSource("binanceusdm", FixedClock(NOW), url)
    try:
        with pytest.raises(Unreachable, match="load_markets"):
            await source.open([BTC])
    finally:
        await source.close()


@pytest.mark.parametrize("body", ['{"symbols":[{"no":1}]}', "{}"])
async def test_an_address_where_no_exchange_answers_is_named(body: str) -> None:
    async with ExchangeServer({BTC: history()}, NOW) as server:
        server.failures = [(200, body)] * 9
        source = ExchangeSource("binanceusdm", FixedClock(NOW), server.url)
        try:
            with pytest.raises(DataError, match=r"check the address|missing id"):
                await source.open([BTC])
        finally:
            await source.close()


async def test_an_unknown_exchange_names_its_neighbours() -> None:
    source = ExchangeSource("binanse", FixedClock(NOW))
    with pytest.raises(ConfigError, match="binance"):
        await source.open([BTC])
    await source.close()


async def test_a_clock_ahead_of_the_exchange_is_refused() -> None:
    async with ExchangeServer({BTC: history()}, NOW) as server:
        source = ExchangeSource("binanceusdm", FixedClock(NOW + timedelta(minutes=3)), server.url)
        try:
            with pytest.raises(ConfigError, match="ahead of ccxt:binanceusdm"):
                await source.open([BTC])
        finally:
            await source.close()


def market(symbol: str, **changed: object) -> dict[str, object]:
    base, _, rest = symbol.partition("/")
    quote, _, settle = rest.partition(":")
    return {
        "symbol": symbol, "base": base, "quote": quote, "type": "swap" if settle else "spot",
        "spot": not settle, "swap": bool(settle), "linear": settle == quote, "taker": 0.0006,
        "contractSize": 0.01 if settle else None, "active": True,
        "precision": {"price": 0.1, "amount": 1.0},
        "limits": {"amount": {"min": 1.0, "max": 500.0}, "cost": {"min": None, "max": None}},
        **changed,
    }  # fmt: skip


def test_a_pair_means_its_only_linear_perpetual_unless_it_is_a_market_itself() -> None:
    inverse, linear, spot = market("BTC/USD:BTC"), market("BTC/USD:USD"), market("ETH/USD")
    markets = {str(m["symbol"]): m for m in (inverse, linear, spot, market("ETH/USD:USD"))}
    assert find_market("BTC/USD", markets, "x") is linear
    assert find_market("ETH/USD", markets, "x") is spot
    with pytest.raises(DataError, match="an inverse perpetual"):
        find_market("BTC/USD:BTC", markets, "x")
    with pytest.raises(UnknownSymbol, match="ETH/USD"):
        find_market("ETH/USDT", markets, "x")
    future = market("BTC/USD:USD-240101", swap=False, type="future")
    with pytest.raises(DataError, match="a future"):
        find_market("BTC/USD:USD-240101", {"BTC/USD:USD-240101": future}, "x")


def test_contracts_are_counted_in_base() -> None:
    contract = market("BTC/USDT:USDT")
    instrument = to_instrument(contract, 4, None)
    assert (instrument.quantity_step, instrument.min_quantity) == (Decimal("0.01"), Decimal("0.01"))
    assert (instrument.max_quantity, instrument.taker_fee_fraction) == (5, Decimal("0.0006"))
    answer = {"timestamp": None, "bids": [[100.5, 20]], "asks": [[101, 30.0]]}
    book = to_book(answer, contract, NOW, 5)
    assert (book.at, book.bids[0].quantity, book.asks[0].quantity) == (
        NOW,
        Decimal("0.2"),
        Decimal("0.3"),
    )
    said = {"timestamp": to_ms(NOW), "price": 100.0, "amount": 7.0, "side": "sell"}
    late = {**said, "timestamp": to_ms(NOW) + 1}
    trades = to_trades([late, {**said, "side": None}, said], contract, NOW)
    assert [(t.quantity, t.aggressor) for t in trades] == [(Decimal("0.07"), "sell")]


BAND = {"filterType": "PERCENT_PRICE", "multiplierDown": "0.8", "multiplierUp": "1.2"}
BY_SIDE = {
    "filterType": "PERCENT_PRICE_BY_SIDE",
    "bidMultiplierUp": "1.3", "bidMultiplierDown": "0.2",
    "askMultiplierUp": "5", "askMultiplierDown": "0.7",
}  # fmt: skip


@pytest.mark.parametrize(
    ("info", "band"),
    [
        ({"filters": [BAND]}, ("0.8", "1.2")),
        ({"filters": [{"filterType": "LOT_SIZE"}, BY_SIDE]}, ("0.7", "1.3")),
        ({"filters": [BY_SIDE, BAND]}, ("0.8", "1.2")),
        ({"filters": [{"filterType": "LOT_SIZE"}, "PERCENT_PRICE"]}, None),
        ({"filters": {"PERCENT_PRICE": 1}}, None),
        ({}, None),
        (["BTCUSDT"], None),
        (None, None),
    ],
)
def test_the_price_band_is_the_narrowest_that_is_stated(
    info: object, band: tuple[str, str] | None
) -> None:
    made = to_instrument(market("BTC/USDT", info=info), 4, None)
    wanted = (Decimal(band[0]), Decimal(band[1])) if band else (None, None)
    assert (made.min_price_ratio, made.max_price_ratio) == wanted


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"multiplierUp": "a lot"}, "multiplierUp 'a lot'"),
        ({"multiplierDown": None}, "multiplierDown None"),
        ({"multiplierDown": "NaN"}, "multiplierDown 'NaN'"),
        ({"multiplierDown": "0"}, "multiplierDown '0'"),
        ({"multiplierDown": "1.2"}, "from 1.2 to 1.2 of its reference price"),
    ],
)
def test_a_price_band_that_is_none_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        to_instrument(market("BTC/USDT", info={"filters": [{**BAND, **changed}]}), 4, None)


@pytest.mark.parametrize(
    ("mode", "price_precision", "price", "tick"),
    [
        (2, 2, None, "0.01"),
        (3, 5, "20123.4", "1"),
        (3, 5, "0.12345", "0.00001"),
        (4, 0.25, None, "0.25"),
        (4, None, None, "0.00000001"),
    ],
)
def test_every_way_to_state_precision_gives_a_tick(
    mode: int, price_precision: float | None, price: str | None, tick: str
) -> None:
    spot = market("BTC/USD", precision={"price": price_precision, "amount": 3})
    known = Decimal(price) if price else None
    assert to_instrument(spot, mode, known).price_tick == Decimal(tick)


def test_the_server_s_minutes_are_the_hours_they_were_made_from() -> None:
    from market.resample import resample

    hours = history(3)
    again = resample(split(hours, Timeframe.M1), Timeframe.H1)
    for column in ("open_ms", "open", "high", "low", "close"):
        assert getattr(again, column).tolist() == getattr(hours, column).tolist()


async def test_a_contract_that_changed_its_size_is_read_by_the_new_one() -> None:
    async with ExchangeServer({BTC: history()}, NOW) as server:
        source = ExchangeSource("binanceusdm", StillClock(NOW), server.url)
        source.listing.every_s = 0
        try:
            await source.open([BTC])
            await source.venue(NOW)
            before = (await source.trades(BTC, NOW, 10))[-1]
            server.listing = {"contractSize": "10"}
            assert (await source.trades(BTC, NOW, 10))[-1].quantity == before.quantity
            await source.venue(NOW)
            after = (await source.trades(BTC, NOW, 10))[-1]
            assert after.quantity == 10 * before.quantity
            server.listing = {"symbol": "OTHERUSDT", "baseAsset": "OTHER"}
            await source.venue(NOW)
            assert not source.instrument(BTC).active
        finally:
            await source.close()
        assert source.instrument(BTC).symbol == BTC
