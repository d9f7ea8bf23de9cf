"""What every market source promises, run on all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from domain.candles import Series, Timeframe
from domain.clock import FixedClock, from_ms, to_ms
from domain.errors import DataError, PlangateError, UnknownSymbol
from domain.trading_hours import TradingHours
from market.facts import missing_between
from market.protocol import SIMULATED, MarketSource, VenueState
from market.sources.box import BoxSource
from market.sources.chain import ChainSource
from market.sources.exchange import ExchangeSource
from market.sources.files import FilesSource
from market.sources.ib import IbSource
from market.sources.recorded import RecordedMarket
from market.sources.scripted import ScriptedSource
from market.sources.synthetic import SyntheticSource
from tests.servers.exchange_server import ExchangeServer
from tests.servers.ib_gateway import IbGateway
from tests.servers.spot_server import SpotServer

NAMES = (
    "box",
    "files",
    "synthetic",
    "scripted",
    "exchange",
    "exchange present",
    "spot",
    "spot present",
    "ib",
    "ib present",
)
LISTING = tuple(name for name in NAMES if not name.startswith("ib"))
"""Those that know what else there is: a gateway only answers for the name it is asked for."""


@dataclass(frozen=True)
class Opened:
    source: MarketSource
    symbol: str
    at: datetime

    @property
    def hours(self) -> TradingHours | None:
        return self.source.instrument(self.symbol).hours


def hand_made(hours: int = 900, start: datetime = datetime(2023, 1, 1, tzinfo=UTC)) -> Series:
    draw = np.random.default_rng(3)
    close = np.round(20_000 * np.exp(np.cumsum(0.004 * draw.standard_normal(hours))), 1)
    opens = np.concatenate([[20_000.0], close[:-1]])
    return Series(
        Timeframe.H1,
        to_ms(start) + np.arange(hours, dtype=np.int64) * 3_600_000,
        opens,
        np.maximum(opens, close) + 5,
        np.minimum(opens, close) - 5,
        close,
        np.round(draw.random(hours) * 100, 3),
    )


def write_files(folder: Path, series: Series) -> None:
    rows = zip(
        series.open_ms, series.open, series.high, series.low, series.close, series.volume,
        strict=True,
    )  # fmt: skip
    lines = [",".join(str(v.item()) for v in row) for row in rows]
    (folder / "BTCUSDT-1h.csv").write_text(
        "timestamp,open,high,low,close,volume\n" + "\n".join(lines) + "\n"
    )
    payments = range(int(series.open_ms[0]), int(series.open_ms[-1]), 28_800_000)
    stamps = [f"{ms + 4},0.0001" for ms in payments]
    (folder / "BTCUSDT-funding.csv").write_text("timestamp,funding_rate\n" + "\n".join(stamps))


@asynccontextmanager
async def opened(name: str, folder: Path) -> AsyncIterator[Opened]:
    series = hand_made()
    at = from_ms(int(series.open_ms[700])) + timedelta(minutes=20)
    if name == "chain":
        async with ExchangeServer({"BTC/USDT:USDT": series}, at + timedelta(days=5)) as server:
            links = [ExchangeSource("binanceusdm", FixedClock(at), server.url) for _ in range(2)]
            chain = ChainSource(links, ("ccxt:binanceusdm", "ccxt:another"))
            try:
                await chain.open(["BTC/USDT"])
                yield Opened(chain, "BTC/USDT", at)
            finally:
                await chain.close()
        return
    if name.startswith("exchange"):
        now = at if name.endswith("present") else at + timedelta(days=5)
        async with ExchangeServer({"BTC/USDT:USDT": series}, now) as server:
            source = ExchangeSource("binanceusdm", FixedClock(at), server.url)
            try:
                await source.open(["BTC/USDT"])
                yield Opened(source, "BTC/USDT", at)
            finally:
                await source.close()
        return
    if name.startswith("spot"):
        now = datetime.now(UTC)
        at = now if name.endswith("present") else now - timedelta(days=5)
        series = hand_made(start=Timeframe.H1.floor(now) - timedelta(hours=800))
        async with SpotServer({"BTC/USD": series}, tick="1") as server:
            source = ExchangeSource("bitfinex", FixedClock(at), server.url, is_limited=False)
            try:
                await source.open(["BTC/USD"])
                yield Opened(source, "BTC/USD", at)
            finally:
                await source.close()
        return
    if name.startswith("ib"):
        at = datetime(2026, 11, 20, 16, 20, tzinfo=UTC)
        now = at if name.endswith("present") else at + timedelta(days=5)
        async with IbGateway(now=lambda: now) as gateway:
            stocks = IbSource("127.0.0.1", gateway.port, FixedClock(at))
            try:
                await stocks.open(["AAPL"])
                yield Opened(stocks, "AAPL/USD", at)
            finally:
                await stocks.close()
        return
    recorded: MarketSource
    if name == "box":
        recorded, symbol, at = BoxSource(), "BTC/USD", datetime(2019, 3, 1, 7, 20, tzinfo=UTC)
    elif name == "files":
        write_files(folder, series)
        recorded, symbol = FilesSource(folder), "BTC/USDT"
    elif name == "scripted":
        box = BoxSource()
        await box.open(["BTC/USD"])
        written = RecordedMarket(replace(box.instrument("BTC/USD"), symbol="BTC/USDT"), series)
        recorded, symbol = ScriptedSource({"BTC/USDT": written}), "BTC/USDT"
    else:
        recorded = SyntheticSource(days=60)
        symbol, at = "BTC/USDT", datetime(2024, 2, 10, 7, 22, tzinfo=UTC)
    await recorded.open([symbol])
    yield Opened(recorded, symbol, at)
    await recorded.close()


@pytest.mark.parametrize("name", NAMES)
async def test_candles_are_closed_and_the_newest_there_are(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        for timeframe in (Timeframe.H1, Timeframe.H4, Timeframe.D1):
            candles = await o.source.candles(o.symbol, timeframe, o.at, 20)
            assert len(candles) == 20
            assert candles.known_at == timeframe.floor(o.at)
            assert not np.any(missing_between(candles.open_ms, timeframe.ms, o.hours))


@pytest.mark.parametrize("name", NAMES)
async def test_a_candle_is_seen_at_its_close_and_not_a_moment_before(
    name: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path) as o:
        boundary = Timeframe.H1.floor(o.at)
        before = await o.source.candles(
            o.symbol, Timeframe.H1, boundary - timedelta(milliseconds=1), 5
        )
        at = await o.source.candles(o.symbol, Timeframe.H1, boundary, 5)
        assert before.known_at == boundary - timedelta(hours=1)
        assert at.known_at == boundary


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_question_gets_the_same_answer(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        past = o.at - timedelta(hours=30)
        first = await o.source.candles(o.symbol, Timeframe.H1, past, 40)
        await o.source.candles(o.symbol, Timeframe.H1, o.at, 40)
        again = await o.source.candles(o.symbol, Timeframe.H1, past, 40)
        for column in ("open_ms", "open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(first, column), getattr(again, column))
        assert await o.source.tick(o.symbol, past) == await o.source.tick(o.symbol, past)


@pytest.mark.parametrize("name", NAMES)
async def test_longer_candles_agree_with_the_shorter_ones(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        day = await o.source.candles(o.symbol, Timeframe.D1, o.at, 1)
        hours = await o.source.candles(o.symbol, Timeframe.H1, Timeframe.D1.floor(o.at), 24)
        hours = hours.since(from_ms(int(day.open_ms[0])))
        assert len(hours) == (24 if o.hours is None else 7)
        assert day.open[0] == hours.open[0]
        assert day.high[0] == hours.high.max()
        assert day.low[0] == hours.low.min()
        assert day.close[0] == hours.close[-1]
        assert day.volume[0] == pytest.approx(hours.volume.sum())


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_is_stamped_after_the_question(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        tick = await o.source.tick(o.symbol, o.at)
        assert tick is not None
        assert tick.at <= o.at
        assert tick.price > 0
        book = await o.source.book(o.symbol, o.at)
        assert book is None or book.at <= o.at
        assert all(t.at <= o.at for t in await o.source.trades(o.symbol, o.at, 30))
        funding = await o.source.funding(o.symbol, o.at)
        assert funding is None or funding.known_at <= o.at < funding.next_at


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_not_offered_is_absent(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        offers = o.source.info.offers
        assert ("funding" in offers) == (await o.source.funding(o.symbol, o.at) is not None)
        if "order_book" not in offers:
            assert await o.source.book(o.symbol, o.at) is None
        if "trades" not in offers:
            assert list(await o.source.trades(o.symbol, o.at, 10)) == []
        if "open_interest" not in offers:
            assert await o.source.open_interest(o.symbol, o.at) is None


@pytest.mark.parametrize("name", NAMES)
async def test_a_venue_whose_time_is_its_own_is_open_in_its_hours_and_in_step(
    name: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path) as o:
        assert await o.source.venue(o.at) == SIMULATED == VenueState("open", 0.0)
        for days in range(9):
            at = o.at - timedelta(days=days)
            traded = o.hours is None or o.hours.is_open(at)
            assert await o.source.venue(at) == VenueState("open" if traded else "closed", 0.0)


@pytest.mark.parametrize("name", NAMES)
async def test_bars_to_fill_on_start_at_the_cursor_and_are_closed(
    name: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path) as o:
        base = o.source.info.base_timeframe
        after = base.floor(o.at) - 10 * base.delta
        bars = await o.source.bars_after(o.symbol, after, o.at)
        assert bars.timeframe is base
        assert from_ms(int(bars.open_ms[0])) == after
        assert len(bars) == 10
        assert bars.known_at == base.floor(o.at)
        assert len(await o.source.bars_after(o.symbol, o.at, o.at)) == 0


@pytest.mark.parametrize("name", NAMES)
async def test_each_payment_falls_into_exactly_one_window(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        start = o.at - timedelta(days=3)
        whole = await o.source.funding_stamps(o.symbol, start, o.at)
        cuts = [start + timedelta(hours=8 * n) for n in range(9)] + [o.at]
        cuts[1] = whole[0].at if whole else cuts[1]
        parts = [
            stamp
            for after, until in pairwise(cuts)
            for stamp in await o.source.funding_stamps(o.symbol, after, until)
        ]
        assert sorted(parts, key=lambda s: s.at) == list(whole)
        assert len(whole) == (9 if "funding" in o.source.info.offers else 0)


@pytest.mark.parametrize("name", LISTING)
async def test_an_unknown_symbol_is_refused_with_a_name_that_exists(
    name: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path) as o:
        with pytest.raises(UnknownSymbol, match="BTC/USD"):
            await o.source.open(["BTC/USDX!"])


@pytest.mark.parametrize("name", NAMES)
async def test_a_symbol_that_was_not_opened_is_named(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        with pytest.raises(DataError, match="LTC/USDT"):
            await o.source.candles("LTC/USDT", Timeframe.H1, o.at, 5)


@pytest.mark.parametrize("name", NAMES)
async def test_closing_twice_is_harmless(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        await o.source.close()
        await o.source.close()


@pytest.mark.parametrize("name", ["box", "files", "synthetic"])
async def test_a_simulated_source_hands_out_one_series(name: str, tmp_path: Path) -> None:
    async with opened(name, tmp_path) as o:
        for timeframe in (Timeframe.H1, Timeframe.H4):
            early = await o.source.candles(o.symbol, timeframe, o.at - timedelta(days=9), 50)
            late = await o.source.candles(o.symbol, timeframe, o.at, 50)
            assert early.series is late.series


@pytest.mark.parametrize("name", ["box", "files", "synthetic", "exchange", "spot", "ib"])
async def test_the_newest_price_is_a_close_until_the_clock_passes_the_open(
    name: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path) as o:
        base = o.source.info.base_timeframe
        boundary = base.floor(o.at)
        bars = await o.source.bars_after(o.symbol, boundary - base.delta, boundary + base.delta)
        at = await o.source.tick(o.symbol, boundary)
        past = await o.source.tick(o.symbol, boundary + timedelta(seconds=1))
        assert at is not None
        assert past is not None
        assert (float(at.price), at.at) == (bars.close[0], boundary)
        assert (float(past.price), past.at) == (bars.open[1], boundary)


async def test_a_source_that_is_not_open_says_so() -> None:
    for source in (
        BoxSource(),
        SyntheticSource(),
        ExchangeSource("kraken", FixedClock(from_ms(0))),
    ):
        with pytest.raises(PlangateError, match="open"):
            _ = source.info
