from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from broker.simulate.world import source_of
from domain.errors import UnknownSymbol
from tests.broker.simulate.gallery import script_of

SYMBOL = "BTC/USDT"
QUARTER = timedelta(minutes=15)


async def test_a_book_is_shown_from_its_moment_on_and_never_before() -> None:
    script = script_of("from-the-book")
    source = await source_of(script)
    at = script.moment(Decimal("1.25"))
    assert await source.book(SYMBOL, at - timedelta(milliseconds=1)) is None
    book = await source.book(SYMBOL, at)
    assert book is not None
    assert (book.at, book.mid) == (at, Decimal(100))
    assert await source.book(SYMBOL, at + QUARTER) is book


async def test_with_a_book_it_is_played_as_a_live_market() -> None:
    live = await source_of(script_of("from-the-book"))
    assert (live.info.origin, live.info.starts_at, live.info.ends_at) == ("live", None, None)
    assert "order_book" in live.info.offers


async def test_without_one_it_says_that_it_was_made_up() -> None:
    script = script_of("funding-once")
    made_up = await source_of(script)
    assert made_up.info.origin == "synthetic"
    assert made_up.info.offers == {"funding"}
    assert made_up.info.starts_at == script.moment(script.start)
    assert await made_up.book(SYMBOL, script.ends_at) is None


async def test_what_was_not_written_is_not_known() -> None:
    script = script_of("stop-gapped")
    source = await source_of(script)
    with pytest.raises(UnknownSymbol, match="BTC/USDT"):
        await source.open(["BTC/USD"])
