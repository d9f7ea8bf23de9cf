"""A live source asks an exchange once: what it got is there for the next process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from domain.candles import Candles, Timeframe
from domain.clock import FixedClock, to_ms
from domain.quality import Defect
from market.sources.exchange import ExchangeSource
from market.sources.stored import StoredSource
from market.store.store import MarketStore, SeriesKey
from tests.market.store.handmade import changed, same, store_in
from tests.market.test_exchange_source import BTC, NOW, START, history
from tests.servers.exchange_server import ExchangeServer


async def process(server: ExchangeServer, store: MarketStore, bars: int = 1_500) -> Candles:
    """One that starts, asks for the newest candles and for funding, and ends."""
    clock = FixedClock(server.now())
    source = ExchangeSource("binanceusdm", clock, server.url, store=store, keep_as="kept")
    await source.open([BTC])
    try:
        await source.funding(BTC, server.now())
        return await source.candles(BTC, Timeframe.H1, server.now(), bars)
    finally:
        await source.close()


async def test_a_restart_asks_only_for_what_has_come_since(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    async with ExchangeServer({BTC: history()}, NOW) as server:
        first = await process(server, store)
        pages, payments = server.count("klines"), server.count("fundingRate")
        again = await process(server, store)
        assert (server.count("klines"), server.count("fundingRate")) == (pages, payments + 1)
        assert again.close.tolist() == first.close.tolist()
        server.move_to(NOW + timedelta(hours=2))
        later = await process(server, store)
        assert server.count("klines") == pages + 1
        truth = Candles.whole(history()).until(server.now()).last(1_500)
        assert later.close.tolist() == truth.close.tolist()


async def test_what_a_live_source_got_is_replayed_offline(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    async with ExchangeServer({BTC: history()}, NOW) as server:
        await process(server, store, 400)
    replay = StoredSource(store, "kept")
    await replay.open(["BTC/USDT"])
    kept = replay.market("BTC/USDT").base
    truth = Candles.whole(history()).until(NOW).last(400)
    assert kept.open_ms[-1] == truth.open_ms[-1]
    assert kept.close[-400:].tolist() == truth.close.tolist()
    assert replay.instrument("BTC/USDT").kind == "perpetual"
    assert replay.info.offers == {"funding"}


async def test_a_candle_that_is_mended_at_the_exchange_is_seen_by_the_next_process(
    tmp_path: Path,
) -> None:
    store, row = store_in(tmp_path), (NOW - START) // timedelta(hours=1) - 2
    async with ExchangeServer({BTC: history()}, NOW) as server:
        await process(server, store)
    high = float(history().high[row])
    async with ExchangeServer({BTC: changed(history(), row, high=high + 9)}, NOW) as server:
        server.move_to(NOW + timedelta(hours=1))
        candles = await process(server, store)
    (revision,) = store.revisions(SeriesKey("kept", BTC, "1h"))
    assert revision.stamp_ms == to_ms(START) + row * 3_600_000
    assert candles.high[-2 - 1] == high + 9
    assert [flaw.defect for flaw in candles.series.flaws] == [Defect.REVISED]
    assert not same(candles.series, history())
