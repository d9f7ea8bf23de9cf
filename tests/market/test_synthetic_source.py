from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from domain.candles import Candles
from domain.errors import UnknownSymbol
from market.quality import check_series
from market.sources.synthetic import DEFAULT_SYMBOLS, STARTS_AT, SyntheticSource

COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")


async def made(seed: int = 7, days: int = 40, *symbols: str) -> SyntheticSource:
    source = SyntheticSource(seed, days=days)
    await source.open(symbols or DEFAULT_SYMBOLS)
    return source


async def test_its_history_is_sound_and_says_what_it_is() -> None:
    source = await made(7, 400, "BTC/USDT", "PEPE/USDT")
    for symbol in ("BTC/USDT", "PEPE/USDT"):
        base = source.market(symbol).base
        assert check_series(base, where="synthetic").candles == 400 * 288
        moves = np.abs(np.diff(np.log(base.close)))
        assert moves.max() < 0.05
        assert np.all(base.high - base.low >= 0)
    assert source.info.origin == "synthetic"
    assert source.info.offers == {"order_book", "trades", "funding"}


async def test_a_longer_history_begins_with_the_shorter_one() -> None:
    short, long = await made(7, 31), await made(7, 90)
    end = STARTS_AT + timedelta(days=31)
    for symbol in DEFAULT_SYMBOLS:
        past = Candles.whole(long.market(symbol).base).until(end)
        for column in COLUMNS:
            assert np.array_equal(getattr(short.market(symbol).base, column), getattr(past, column))
        at = end - timedelta(minutes=7)
        assert await short.book(symbol, at) == await long.book(symbol, at)
        assert await short.trades(symbol, at, 40) == await long.trades(symbol, at, 40)
        assert await short.funding(symbol, at) == await long.funding(symbol, at)


async def test_the_seed_decides_and_the_other_symbols_do_not() -> None:
    alone, beside, other = await made(7, 5, "ETH/USDT"), await made(7, 5), await made(8, 5)
    close = alone.market("ETH/USDT").base.close
    assert np.array_equal(close, beside.market("ETH/USDT").base.close)
    assert not np.array_equal(close, other.market("ETH/USDT").base.close)


async def test_symbols_move_together_but_not_as_one() -> None:
    source = await made(7, 60)
    returns = [np.diff(np.log(source.market(s).base.close)) for s in DEFAULT_SYMBOLS]
    together = np.corrcoef(returns)
    assert 0.45 < together[0, 1] < 0.85
    assert 0.45 < together[1, 2] < 0.85


async def test_volatility_comes_in_regimes() -> None:
    source = await made(7, 400, "BTC/USDT")
    close = source.market("BTC/USDT").base.close
    daily = np.diff(np.log(close)).reshape(-1)[: 399 * 288].reshape(399, 288).std(axis=1)
    assert np.percentile(daily, 90) > 1.8 * np.percentile(daily, 10)


async def test_the_book_stands_around_the_newest_price_on_the_tick() -> None:
    source = await made(7, 5, "BTC/USDT", "DOGE/USDT")
    at = STARTS_AT + timedelta(days=2, minutes=3)
    for symbol in ("BTC/USDT", "DOGE/USDT"):
        tick, book = await source.tick(symbol, at), await source.book(symbol, at)
        instrument = source.instrument(symbol)
        assert tick is not None
        assert book is not None
        assert book.origin == "synthetic"
        assert book.at == at
        assert book.bids[0].price < tick.price < book.asks[0].price
        for side, step in ((book.bids, -1), (book.asks, 1)):
            prices = [level.price * step for level in side]
            assert prices == sorted(set(prices))
            assert all(level.price % instrument.price_tick == 0 for level in side)
            assert all(level.quantity % instrument.quantity_step == 0 for level in side)
            assert all(level.quantity > 0 for level in side)


async def test_trades_are_the_newest_and_stay_what_they_were() -> None:
    source = await made(7, 5, "BTC/USDT")
    at = STARTS_AT + timedelta(days=2, minutes=3, seconds=20)
    trades = await source.trades("BTC/USDT", at, 50)
    later = await source.trades("BTC/USDT", at + timedelta(minutes=1), 200)
    assert len(trades) == 50
    assert [t.at for t in trades] == sorted(t.at for t in trades)
    assert list(trades) == [t for t in later if t.at <= at][-50:]
    assert {t.aggressor for t in trades} == {"buy", "sell"}
    assert await source.trades("BTC/USDT", at, 0) == []


async def test_before_the_first_candle_nothing_is_known() -> None:
    source = await made(7, 5, "BTC/USDT")
    before = STARTS_AT - timedelta(seconds=1)
    assert await source.tick("BTC/USDT", before) is None
    assert await source.book("BTC/USDT", before) is None
    assert await source.funding("BTC/USDT", before) is None
    assert list(await source.trades("BTC/USDT", before, 5)) == []


@pytest.mark.parametrize("symbol", ["BTC", "btc/usdt", "BTC/USDT:USDT", "", "/USDT"])
async def test_only_pairs_in_capitals_are_made(symbol: str) -> None:
    with pytest.raises(UnknownSymbol, match="BASE/QUOTE"):
        await SyntheticSource(7).open([symbol])
