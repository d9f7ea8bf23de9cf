from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import OrderBook
from domain.candles import Candles, Series
from market.modelled_book import modelled_book
from tests.market.handmade import START, changed, cut, flat, series, walk

CENT = Decimal("0.01")


def candles_with(range_fraction: float, volume: float, bars: int = 24) -> Candles:
    """Candles around 1000 whose range and volume are all the same."""
    close = np.full(bars, 1_000.0)
    return Candles.whole(
        series(
            open=close,
            high=close * (1 + range_fraction / 2),
            low=close * (1 - range_fraction / 2),
            close=close,
            volume=np.full(bars, volume),
        )
    )


def book_of(candles: Candles, mid: str = "1000", tick: Decimal = CENT) -> OrderBook:
    book = modelled_book(candles, tick, Decimal(mid), START)
    assert book is not None
    return book


def test_the_spread_is_a_fiftieth_of_the_usual_range() -> None:
    book = book_of(candles_with(0.01, 100.0))
    assert (book.bid, book.ask) == (Decimal("999.90"), Decimal("1000.10"))
    assert book.spread_bps == Decimal(2)


def test_the_spread_is_never_below_one_basis_point() -> None:
    assert book_of(candles_with(0.0, 100.0)).spread_bps == Decimal(1)


def test_depth_within_twenty_bps_is_a_twentieth_of_the_usual_volume() -> None:
    book = book_of(candles_with(0.01, 100.0))
    assert book.depth("buy", Decimal(20)) == Decimal("5.0")
    assert book.depth("sell", Decimal(20)) == Decimal("5.0")
    assert len(book.bids) == len(book.asks) == 10
    assert book.imbalance == 0


def test_depth_grows_linearly_with_distance() -> None:
    book = book_of(candles_with(0.01, 100.0))
    assert {level.quantity for level in book.asks} == {Decimal("0.5")}
    steps = {b.price - a.price for a, b in zip(book.asks, book.asks[1:], strict=False)}
    assert max(steps) - min(steps) <= CENT


def test_one_wild_candle_changes_nothing() -> None:
    calm = walk(100, seed=4)
    wild = changed(calm, slice(90, 91), high=calm.high[90] * 3, volume=calm.volume[90] * 1_000)
    tick, mid = Decimal("0.1"), Decimal(30_000)
    before, after = (modelled_book(Candles.whole(s), tick, mid, START) for s in (calm, wild))
    assert before is not None
    assert after is not None
    assert (after.spread_bps or 0) < (before.spread_bps or 0) * 2
    assert after.asks[0].quantity < before.asks[0].quantity * 2


@pytest.mark.parametrize(
    "candles",
    [candles_with(0.01, 0.0), candles_with(0.01, 1e-9), candles_with(0.01, 1.0, bars=0)],
    ids=["nobody trades", "next to nobody trades", "no candles"],
)
def test_where_nobody_trades_there_is_no_book(candles: Candles) -> None:
    assert modelled_book(candles, CENT, Decimal(1_000), START) is None


def test_a_price_within_one_tick_of_zero_has_no_book() -> None:
    assert modelled_book(candles_with(0.01, 1.0), CENT, Decimal("0.005"), START) is None


def test_it_is_called_modelled_and_stamped_with_the_price() -> None:
    book = book_of(candles_with(0.01, 1.0))
    assert (book.origin, book.at) == ("modelled", START)


def test_only_the_newest_day_counts() -> None:
    loud_before: Series = changed(flat(100), slice(0, 76), volume=1e6)
    quiet = book_of(Candles.whole(loud_before), "100")
    assert quiet.depth("buy", Decimal(20)) == Decimal("0.05")


def test_a_coarse_tick_gathers_what_meets_on_one_price() -> None:
    book = book_of(candles_with(0.001, 100.0), tick=Decimal(1))
    assert [level.price for level in book.asks] == [Decimal(1_001), Decimal(1_002)]
    assert sum(level.quantity for level in book.asks) == Decimal(5)


@settings(max_examples=200)
@given(
    mid=st.decimals("0.01", "100000", places=4),
    tick=st.sampled_from([Decimal("0.0001"), Decimal("0.01"), Decimal("0.1"), Decimal("0.5")]),
    wide=st.floats(0, 0.8),
    volume=st.floats(0.01, 1e9),
)
def test_a_modelled_book_is_always_a_book(
    mid: Decimal, tick: Decimal, wide: float, volume: float
) -> None:
    book = modelled_book(candles_with(wide, volume), tick, mid, START)
    if book is None:
        assert mid <= tick * 2 or wide > 0.5
        return
    asks, bids = [lv.price for lv in book.asks], [lv.price for lv in book.bids]
    assert asks == sorted(set(asks))
    assert bids == sorted(set(bids), reverse=True)
    assert bids[0] < mid < asks[0]
    assert all(price % tick == 0 and price > 0 for price in asks + bids)
    total = sum(level.quantity for level in book.asks)
    assert total <= Decimal(repr(volume)) / 20
    assert sum(level.quantity for level in book.bids) == total
    if (book.spread_bps or 0) <= 40:
        assert book.depth("buy", Decimal(20)) == book.depth("sell", Decimal(20)) == total


def test_the_future_is_not_read() -> None:
    whole = walk(300, seed=8)
    now, cut_off = Candles(whole, 0, 200), Candles.whole(cut(whole, 200))
    mid = Decimal(30_000)
    assert modelled_book(now, CENT, mid, START) == modelled_book(cut_off, CENT, mid, START)
