"""Open interest over time: backwards as far as the exchange has it, kept, and asked for once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.clock import FixedClock, to_ms
from domain.errors import DataError
from market.protocol import INTEREST_TOLD_AFTER
from market.sources.exchange import ExchangeSource
from market.sources.exchange_interest import InterestHistory
from market.sources.stored import StoredSource
from market.store.ranges import Stretch
from market.store.stamps import StampShelf
from market.store.store import MarketStore
from tests.market.store.handmade import store_in
from tests.market.test_exchange_source import BTC, NOW, history
from tests.servers.exchange_server import ExchangeServer, Failure

ENDPOINT = "openInterestHist"
HOUR = timedelta(hours=1)


@asynccontextmanager
async def opened(server: ExchangeServer, store: MarketStore) -> AsyncIterator[ExchangeSource]:
    clock = FixedClock(server.now())
    source = ExchangeSource("binanceusdm", clock, server.url, store=store, keep_as="kept")
    await source.open([BTC])
    try:
        yield source
    finally:
        await source.close()


def book_of(source: ExchangeSource) -> InterestHistory:
    book = source.interest(BTC)
    assert book is not None
    return book


async def fill(book: InterestHistory, start: datetime, end: datetime) -> list[Stretch]:
    """Fill what is missing between; what need not be asked any more, page by page."""
    assert book.shelf is not None
    missing = book.shelf.missing(to_ms(start), to_ms(end))
    return [done async for done, _ in book.fill(missing, lambda: NOW)]


def true_value(at: datetime) -> Decimal:
    """What the server says of an hour."""
    return Decimal(10 * (to_ms(at) // 3_600_000 % 1000))


async def test_a_sync_goes_back_as_far_as_the_exchange_does(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    async with ExchangeServer({BTC: history()}, NOW) as server:
        server.interest_kept = timedelta(days=30)
        async with opened(server, store) as source:
            book = book_of(source)
            assert book.shelf is not None
            done = await fill(book, NOW - timedelta(days=90), NOW)
            (kept,) = store.coverage(book.shelf.key)
            assert timedelta(days=29) < timedelta(milliseconds=to_ms(NOW) - kept.start)
            assert kept.end == to_ms(NOW)
            assert min(one.start for one in done) == kept.start
            values = book.shelf.whole()
            assert len(values) == (to_ms(NOW) - kept.start) // 3_600_000 + 1
            assert values[to_ms(NOW - timedelta(days=9)) // 3_600_000 * 3_600_000] == true_value(
                NOW - timedelta(days=9)
            )
            asked = server.count(ENDPOINT)
            await fill(book, NOW - timedelta(days=29), NOW)
            assert server.count(ENDPOINT) == asked
        server.move_to(NOW + 3 * HOUR)
        async with opened(server, store) as source:
            book = book_of(source)
            assert len(await fill(book, NOW - timedelta(days=29), NOW + 3 * HOUR)) == 1
            assert server.count(ENDPOINT) == asked + 1


async def test_the_open_interest_of_an_hour_ago_is_known_and_asked_for_once(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    async with ExchangeServer({BTC: history()}, NOW) as server:
        async with opened(server, store) as source:
            for hours in (1, 4, 24):
                then = NOW - hours * HOUR
                assert await source.open_interest(BTC, then) == true_value(then)
            assert server.count(ENDPOINT) == 1, "a page goes further back than a day"
            before = NOW - timedelta(days=60)
            server.interest_kept = timedelta(days=30)
            assert await source.open_interest(BTC, before) is None
            asked = server.count(ENDPOINT)
            assert await source.open_interest(BTC, before - HOUR) is None
            assert server.count(ENDPOINT) == asked
        async with opened(server, store) as source:
            asked = server.count(ENDPOINT)
            assert await source.open_interest(BTC, NOW - HOUR) == true_value(NOW - HOUR)
            assert server.count(ENDPOINT) == asked, "what is kept is not asked for"


async def test_what_is_kept_is_replayed_offline(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    async with ExchangeServer({BTC: history()}, NOW) as server, opened(server, store) as source:
        await fill(book_of(source), NOW - timedelta(days=3), NOW)
        await source.candles(BTC, source.info.base_timeframe, NOW, 50)
    replay = StoredSource(store, "kept")
    await replay.open([BTC])
    assert "open_interest" in replay.info.offers
    assert await replay.open_interest(BTC, NOW - 5 * HOUR) == true_value(NOW - 5 * HOUR)
    assert await replay.open_interest(BTC, NOW - timedelta(days=4)) is None


async def test_a_refusal_of_the_present_is_told(tmp_path: Path) -> None:
    async with ExchangeServer({BTC: history()}, NOW) as server:
        server.broken = {ENDPOINT: Failure(400, '{"code":-1128,"msg":"not here"}')}
        async with opened(server, store_in(tmp_path)) as source:
            with pytest.raises(DataError, match="not here"):
                await fill(book_of(source), NOW - timedelta(days=3), NOW)


@pytest.mark.parametrize("said", ["-1", "NaN", "many"])
async def test_what_is_no_open_interest_is_refused(said: str) -> None:
    async def rows(since: int, until: int) -> list[dict[str, object]]:
        assert since < until
        return [{"timestamp": until - 5, "openInterestAmount": said}]

    book = InterestHistory(rows, Decimal(1), lambda: NOW)
    with pytest.raises(DataError, match=f"is '{said}', was expected"):
        await book.at(NOW - HOUR)


async def test_an_hour_that_is_not_published_yet_is_asked_for_again(tmp_path: Path) -> None:
    published = to_ms(NOW - 2 * HOUR)

    async def rows(since: int, until: int) -> list[dict[str, object]]:
        known = since <= published <= until
        return [{"timestamp": published, "openInterestAmount": "7"}] if known else []

    shelf = StampShelf(store_in(tmp_path), "kept", BTC, "open_interest")
    book = InterestHistory(rows, Decimal("0.5"), lambda: NOW, shelf)
    assert await book.at(NOW - HOUR + INTEREST_TOLD_AFTER) == Decimal("3.5")
    (rest,) = shelf.missing(published, to_ms(NOW))
    assert rest == Stretch(published + 1, to_ms(NOW))
