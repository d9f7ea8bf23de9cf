"""What was asked and answered is kept once, on either database."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candles import Timeframe
from domain.instrument import Instrument
from market.store.candles import CandleShelf
from market.store.ranges import Stretch, joined, without
from market.store.stamps import StampShelf
from market.store.store import Kept, MarketStore, SeriesKey
from tests.market.store.handmade import HOUR, LATER, SEEN, START, changed, hours, same, store_in

BTC = "BTC/USDT:USDT"


def shelf_in(store: MarketStore, symbol: str = BTC) -> CandleShelf:
    return CandleShelf(store, "binanceusdm", symbol, Timeframe.H1)


def at(hour: int) -> int:
    return START + hour * HOUR


def test_candles_come_back_digit_for_digit(tmp_path: Path, each_database: str) -> None:
    assert each_database
    store = store_in(tmp_path)
    shelf, given_ = shelf_in(store), changed(hours(*range(50)), 7, close=106.1 + 0.2)
    assert shelf.keep(given_, Stretch(at(0), at(50)), SEEN) == Kept(50)
    shelf_in(store, "ETH/USDT:USDT").keep(hours(3), Stretch(at(3), at(4)), SEEN)
    again = shelf_in(store_in(tmp_path))
    assert same(again.whole(), given_)
    assert same(again.last(2), hours(48, 49))
    assert again.between(at(10), at(12)).open_ms.tolist() == [at(10), at(11)]
    assert len(again.between(at(60), at(70))) == 0
    assert len(shelf_in(store, "XRP/USDT").last(5)) == 0
    assert store.answered_at(shelf.key) == SEEN
    assert store.listed("binanceusdm") == sorted(
        [shelf.key, SeriesKey("binanceusdm", "ETH/USDT:USDT", "1h")]
    )


def test_never_asked_and_no_candle_there_are_told_apart(tmp_path: Path, each_database: str) -> None:
    assert each_database
    shelf = shelf_in(store_in(tmp_path))
    assert shelf.missing(at(0), at(10)) == [Stretch(at(0), at(10))]
    assert shelf.reach(at(0)) == at(0)
    shelf.keep(hours(0, 1, 4, 5), Stretch(at(0), at(6)), SEEN)
    shelf.keep(hours(8, 9), Stretch(at(8), at(12)), SEEN)
    assert shelf.missing(at(0), at(14)) == [Stretch(at(6), at(8)), Stretch(at(12), at(14))]
    assert shelf.gaps() == [Stretch(at(2), at(4)), Stretch(at(10), at(12))]
    assert shelf.reach(at(3)) == at(6)
    shelf.keep(hours(), Stretch(at(6), at(8)), SEEN)
    assert shelf.missing(at(0), at(12)) == []
    assert shelf.gaps()[1] == Stretch(at(6), at(8))
    assert shelf.reach(at(0)) == at(12)


def test_a_candle_that_comes_back_different_is_a_revision(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    store = store_in(tmp_path)
    shelf = shelf_in(store)
    shelf.keep(hours(*range(5)), Stretch(at(0), at(5)), SEEN)
    assert shelf.keep(hours(*range(5)), Stretch(at(0), at(5)), LATER) == Kept(0)
    other = changed(hours(*range(3, 7)), 1, close=104.5)
    kept = shelf.keep(other, Stretch(at(3), at(7)), LATER)
    assert kept.added_count == 2
    (revision,) = store.revisions(shelf.key)
    assert kept.revised == (revision,)
    assert (revision.stamp_ms, revision.seen_at) == (at(4), LATER)
    assert revision.old == [104.0, 106.0, 102.0, 105.0, 10.4]
    assert revision.new == [104.0, 106.0, 102.0, 104.5, 10.4]
    assert shelf.whole().close.tolist() == [101, 102, 103, 104, 104.5, 106, 107]


def dies_in_the_middle(store: MarketStore, key: SeriesKey, page: Stretch) -> None:
    with store.database.begin() as connection:
        store.answered(connection, store.number(connection, key), page, SEEN)
        raise RuntimeError("dies in the middle")


def test_a_page_that_fails_leaves_neither_rows_nor_coverage(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    store = store_in(tmp_path)
    shelf = shelf_in(store)
    page = Stretch(at(0), at(5))
    with pytest.raises(RuntimeError, match="dies"):
        dies_in_the_middle(store, shelf.key, page)
    assert store.listed() == []
    shelf.keep(hours(0), Stretch(at(0), at(1)), SEEN)
    assert store.coverage(shelf.key) == [Stretch(at(0), at(1))]


def test_payments_are_kept_exactly_and_revised_like_candles(
    tmp_path: Path, each_database: str
) -> None:
    assert each_database
    store = store_in(tmp_path)
    shelf = StampShelf(store, "binanceusdm", BTC, "funding")
    rates = {at(0): Decimal("0.0001"), at(8): Decimal("-0.00007413")}
    assert shelf.keep(rates, Stretch(at(0), at(8) + 1), SEEN) == Kept(2)
    kept = shelf.keep({at(8): Decimal("0.0002")}, Stretch(at(8), at(8) + 1), LATER)
    assert [(r.old, r.new) for r in kept.revised] == [("-0.00007413", "0.0002")]
    assert shelf.whole() == {at(0): Decimal("0.0001"), at(8): Decimal("0.0002")}
    assert shelf.between(at(1), at(8)) == {}
    assert shelf.missing(at(0), at(9)) == [Stretch(at(8) + 1, at(9))]


def test_an_instrument_is_kept_each_time_it_changes(tmp_path: Path, each_database: str) -> None:
    assert each_database
    store, step = store_in(tmp_path), Decimal("0.001")
    first = Instrument(BTC, "BTC", "USDT", "perpetual", Decimal("0.10"), step, step, Decimal(5))
    other = replace(first, min_notional=Decimal(100), active=False)
    assert store.see_instrument("binanceusdm", first, SEEN)
    assert not store.see_instrument("binanceusdm", first, LATER)
    assert store.see_instrument("binanceusdm", other, LATER)
    assert store.instruments("binanceusdm", BTC) == [(SEEN, first), (LATER, other)]
    assert store.instruments("kraken", BTC) == []


STRETCHES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda p: Stretch(p[0], p[0] + p[1]))
)


@given(STRETCHES, STRETCHES.map(lambda s: s[:1]))
def test_stretches_are_sets_of_moments(many: list[Stretch], one: list[Stretch]) -> None:
    asked = one[0] if one else Stretch(0, 40)
    moments = {t for s in many for t in range(*s)}
    whole = joined(many)
    assert {t for s in whole for t in range(*s)} == moments
    assert all(a.end < b.start for a, b in pairwise(whole))
    rest = without(asked, whole)
    assert [t for s in rest for t in range(*s)] == sorted(set(range(*asked)) - moments)
