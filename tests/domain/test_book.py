from datetime import UTC, datetime
from decimal import Decimal

from domain.book import Level, OrderBook

AT = datetime(2024, 1, 1, tzinfo=UTC)


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> OrderBook:
    return OrderBook(
        at=AT,
        origin="venue",
        bids=tuple(Level(Decimal(p), Decimal(q)) for p, q in bids),
        asks=tuple(Level(Decimal(p), Decimal(q)) for p, q in asks),
    )


TWO = book([("99", "1"), ("98", "2")], [("101", "1"), ("102", "3")])
EMPTY = book([], [("101", "1")])


def test_walking_pays_each_level_its_price() -> None:
    walk = TWO.walk("buy", Decimal(2))
    assert walk is not None
    assert (walk.vwap, walk.filled) == (Decimal("101.5"), Decimal(2))
    sold = TWO.walk("sell", Decimal("0.5"))
    assert sold is not None
    assert sold.vwap == Decimal(99)


def test_a_thin_book_says_how_much_it_had() -> None:
    walk = TWO.walk("buy", Decimal(10))
    assert walk is not None
    assert walk.filled == Decimal(4)
    assert EMPTY.walk("sell", Decimal(1)) is None


def test_mid_spread_depth_and_imbalance() -> None:
    assert (TWO.bid, TWO.ask, TWO.mid) == (Decimal(99), Decimal(101), Decimal(100))
    assert TWO.spread_bps == Decimal(200)
    assert TWO.depth("buy", Decimal(100)) == Decimal(1)
    assert TWO.depth("buy", Decimal(200)) == Decimal(4)
    assert TWO.imbalance == Decimal(-1) / Decimal(7)


def test_an_empty_side_has_no_mid_spread_or_depth() -> None:
    assert (EMPTY.bid, EMPTY.mid, EMPTY.spread_bps) == (None, None, None)
    assert EMPTY.depth("buy", Decimal(10)) == 0
    assert book([], []).imbalance is None
    assert book([], []).ask is None
    assert book([("0", "1")], [("0", "1")]).spread_bps is None


def test_a_crossed_book_has_a_negative_spread() -> None:
    crossed = book([("101", "1")], [("100", "1")])
    assert crossed.spread_bps is not None
    assert crossed.spread_bps < 0
