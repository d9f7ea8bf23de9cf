from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from broker.fills import Execution, PriceBar, fill_on_bar, fill_on_book
from domain.book import Level, OrderBook, OrderSide
from domain.lifecycle import OrderStatus
from domain.orders import Order, OrderKind
from tests.broker.venue import SYMBOL, TICK, D, H, T

BAR = "100 104 96 101"


def bar(text: str, volume: str = "10") -> PriceBar:
    opened, high, low, close = map(D, text.split())
    return PriceBar(T, opened, high, low, close, D(volume))


def order(side: OrderSide, kind: OrderKind, price: str | None, slippage: str = "0") -> Order:
    return Order(
        "id", "p", "r", SYMBOL, "entry", side, kind, D(1), None if price is None else D(price),
        False, T, OrderStatus.WORKING, D(slippage),
    )  # fmt: skip


def price_of(one: Order, text: str) -> Decimal | None:
    execution = fill_on_bar(one, bar(text), TICK)
    return None if execution is None else execution.price


@pytest.mark.parametrize(
    ("side", "kind", "price", "slippage", "on", "expected"),
    [
        ("buy", "market", None, "0", BAR, "100"),
        ("buy", "market", None, "0.25", BAR, "100.3"),
        ("sell", "market", None, "0.25", BAR, "99.7"),
        ("buy", "market", None, "9", BAR, "104"),
        ("sell", "market", None, "9", BAR, "96"),
        ("buy", "limit", "98", "0", BAR, "98"),
        ("buy", "limit", "96", "0", BAR, "96"),
        ("buy", "limit", "95.9", "0", BAR, None),
        ("buy", "limit", "101", "0", BAR, "100"),
        ("sell", "limit", "103", "0", BAR, "103"),
        ("sell", "limit", "104", "0", BAR, "104"),
        ("sell", "limit", "104.1", "0", BAR, None),
        ("sell", "limit", "99", "0", BAR, "100"),
        ("buy", "limit", "98", "5", BAR, "98"),
        ("sell", "stop", "97", "0", BAR, "97"),
        ("sell", "stop", "97", "0.25", BAR, "96.7"),
        ("sell", "stop", "97", "5", BAR, "96"),
        ("sell", "stop", "96", "0", BAR, "96"),
        ("sell", "stop", "95.9", "0", BAR, None),
        ("sell", "stop", "101", "0.5", BAR, "99.5"),
        ("buy", "stop", "103", "0", BAR, "103"),
        ("buy", "stop", "103", "0.25", BAR, "103.3"),
        ("buy", "stop", "103", "5", BAR, "104"),
        ("buy", "stop", "104.1", "0", BAR, None),
        ("buy", "stop", "99", "0.5", BAR, "100.5"),
    ],
)
def test_the_price_of_a_fill(
    side: OrderSide,
    kind: OrderKind,
    price: str | None,
    slippage: str,
    on: str,
    expected: str | None,
) -> None:
    found = price_of(order(side, kind, price, slippage), on)
    assert found == (None if expected is None else D(expected))


def test_a_fill_is_held_against_what_was_wanted() -> None:
    assert fill_on_bar(order("sell", "stop", "101"), bar(BAR), TICK) == Execution(D(100), D(101))
    assert fill_on_bar(order("buy", "market", None, "1"), bar(BAR), TICK) == (D(101), D(100))


@pytest.mark.parametrize("kind", ["market", "limit", "stop"])
def test_a_bar_without_volume_fills_nothing(kind: OrderKind) -> None:
    assert fill_on_bar(order("buy", kind, "100"), bar(BAR, "0"), TICK) is None


@pytest.mark.parametrize("kind", ["market", "limit", "stop"])
def test_a_bar_that_opened_before_the_order_does_not_fill_it(kind: OrderKind) -> None:
    late = replace(order("buy", kind, "100"), created_at=T + H / 3600)
    assert fill_on_bar(late, bar(BAR), TICK) is None
    assert fill_on_bar(replace(late, created_at=T), bar(BAR), TICK) is not None


@pytest.mark.parametrize("kind", ["limit", "stop"])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_without_the_price_it_needs_never_fills(side: OrderSide, kind: OrderKind) -> None:
    assert fill_on_bar(order(side, kind, None), bar(BAR), TICK) is None


@st.composite
def bars_on_the_tick(draw: st.DrawFn) -> PriceBar:
    numbers = st.decimals("1", "200", places=1)
    opened, close, one, two = (draw(numbers) for _ in range(4))
    low, high = min(opened, close, one, two), max(opened, close, one, two)
    return PriceBar(T, opened, high, low, close, draw(st.decimals("0", "9", places=1)))


@settings(max_examples=400, deadline=None)
@given(
    bars_on_the_tick(),
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["market", "limit", "stop"]),
    st.decimals("1", "200", places=1),
    st.decimals("0", "20", places=3),
)
def test_a_fill_lies_on_the_tick_inside_the_bar_and_never_in_our_favour(
    one: PriceBar, side: OrderSide, kind: OrderKind, price: Decimal, slippage: Decimal
) -> None:
    made = order(side, kind, None if kind == "market" else str(price), str(slippage))
    execution = fill_on_bar(made, one, TICK)
    assume(execution is not None)
    assert execution is not None
    assert one.volume > 0
    assert one.low <= execution.price <= one.high
    assert execution.price % TICK == 0
    worse = (
        execution.price - execution.expected
        if side == "buy"
        else -(execution.price - execution.expected)
    )
    assert worse <= 0 if kind == "limit" else worse >= 0


def book(*asks: tuple[str, str]) -> OrderBook:
    levels = tuple(Level(D(p), D(q)) for p, q in asks)
    return OrderBook(at=T, origin="venue", bids=(Level(D(99), D(1)),), asks=levels)


def test_an_order_taken_out_of_a_book_pays_its_average_rounded_away_from_us() -> None:
    deep = book(("101", "1"), ("101.1", "2"))
    assert fill_on_book("buy", D(3), deep, TICK) == Execution(D("101.1"), D(100))
    assert fill_on_book("buy", D(1), deep, TICK) == Execution(D(101), D(100))
    assert fill_on_book("sell", D(1), deep, D(2)) == Execution(D(98), D(100))


def test_a_book_that_does_not_hold_the_quantity_fills_nothing() -> None:
    assert fill_on_book("buy", D(4), book(("101", "1"), ("102", "2")), TICK) is None
    assert fill_on_book("buy", D(1), book(), TICK) is None
    assert fill_on_book("sell", D(1), book(), TICK) is None
