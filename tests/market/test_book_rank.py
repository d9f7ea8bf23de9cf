from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.book import Level, OrderBook
from domain.candles import Candles
from market.book_rank import MIN_LOOKS, BookLooks, modelled_rank
from market.modelled_book import modelled_book, modelled_history
from tests.market.handmade import START, changed, cut, walk

LONG = walk(600)
TICK = Decimal("0.01")


def book(spread: int, depth: int) -> OrderBook:
    bid, ask = Level(Decimal(10_000), Decimal(depth)), Level(Decimal(10_000 + spread), Decimal(9))
    return OrderBook(at=START, origin="venue", bids=(bid,), asks=(ask,))


def test_the_history_is_what_each_candle_s_book_would_have_been() -> None:
    spreads, depths = modelled_history(Candles(LONG, 0, 400))
    assert len(spreads) == 400 - 23
    for row in (0, 100, 376):
        made = modelled_book(Candles(LONG, 0, 24 + row), TICK, Decimal(30_000), START)
        assert made is not None
        assert float(made.spread_bps or 0) == pytest.approx(spreads[row], abs=0.01)
        total = sum(level.quantity for level in made.bids)
        assert float(total) == pytest.approx(depths[row], abs=1e-6)


def test_a_modelled_book_is_ranked_among_those_of_300_candles() -> None:
    found = modelled_rank(Candles(LONG, 0, 500))
    assert found is not None
    spreads, depths = (values[-300:] for values in modelled_history(Candles(LONG, 0, 500)))
    assert (found.among, found.among_count) == ("modelled", 300)
    assert found.spread_percentile == np.mean(spreads <= spreads[-1])
    assert found.depth_percentile == np.mean(depths <= depths[-1])
    assert modelled_rank(Candles(cut(LONG, 322), 0, 322)) is None
    later = changed(LONG, slice(500, 600), high=1e9, volume=1e9)
    assert modelled_rank(Candles(later, 0, 500)) == found


def test_a_venue_s_book_is_ranked_among_those_that_were_seen_before() -> None:
    looks = BookLooks()
    for n in range(MIN_LOOKS):
        assert looks.rank("A", START + timedelta(hours=n), book(spread=n + 1, depth=3)) is None
    at = START + timedelta(hours=MIN_LOOKS)
    found = looks.rank("A", at, book(spread=15, depth=2))
    assert found is not None
    assert (found.among, found.among_count) == ("seen", MIN_LOOKS)
    assert (found.spread_percentile, found.depth_percentile) == (0.5, 0.0)
    assert looks.rank("A", at, book(spread=15, depth=2)) == found
    assert looks.rank("B", at, book(spread=15, depth=2)) is None


def test_an_empty_side_has_no_rank() -> None:
    empty = OrderBook(at=START, origin="venue", bids=(), asks=())
    assert BookLooks().rank("A", START, empty) is None


def test_too_few_candles_have_no_history() -> None:
    assert [len(values) for values in modelled_history(Candles(LONG, 0, 23))] == [0, 0]
