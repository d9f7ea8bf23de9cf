"""Prices of fills: at the open of a bar, and inside it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from broker.paper.fills import (
    Phase,
    PriceBar,
    Touch,
    is_triggered,
    phase_of,
    taken_from_book,
    touched_at_open,
    touched_inside,
)
from domain.book import Level, OrderBook, OrderSide
from domain.lifecycle import OrderStatus
from domain.orders import Order, OrderKind
from tests.broker.venue import SYMBOL, TICK, D, T

BAR = "100 104 96 101"


def bar(text: str = BAR, volume: str = "10") -> PriceBar:
    opened, high, low, close = map(D, text.split())
    return PriceBar(T, opened, high, low, close, D(volume))


def order(words: str, slippage: str = "0") -> Order:
    """Such as `buy stop_limit 103 103.5`: side, kind, price, limit."""
    side, kind, *prices = words.split()
    price, limit = [*map(D, prices), None, None][:2]
    return Order(
        "id", "p", "r", SYMBOL, "entry",
        "buy" if side == "buy" else "sell", KINDS[kind], D(1), price,
        False, T, OrderStatus.WORKING, D(slippage), limit_price=limit,
    )  # fmt: skip


KINDS: dict[str, OrderKind] = {
    "market": "market", "limit": "limit", "stop": "stop", "stop_limit": "stop_limit",
}  # fmt: skip


def first(one: Order, on: PriceBar, *, triggered: bool = False) -> Touch | None:
    """Where an order fills that rested before the bar began."""
    opened = touched_at_open(one, on, TICK, triggered=triggered)
    return opened or touched_inside(one, on, TICK, triggered=triggered)


CASES = [
    # market orders, and orders that the open gapped through
    ("buy market", "0", "open", "100"),
    ("buy market", "0.25", "open", "100.3"),
    ("sell market", "0.25", "open", "99.7"),
    ("buy market", "9", "open", "104 clamped"),
    ("sell market", "9", "open", "96 clamped"),
    ("buy limit 101", "0", "open", "100"),
    ("buy limit 100", "0", "open", "100"),
    ("sell limit 99", "0", "open", "100"),
    ("sell stop 101", "0.5", "open", "99.5"),
    ("sell stop 100", "0", "open", "100"),
    ("sell stop 101", "9", "open", "96 clamped"),
    ("buy stop 99", "0.5", "open", "100.5"),
    ("buy stop 99", "4", "open", "104"),
    ("buy stop 99", "4.1", "open", "104 clamped"),
    # inside the bar
    ("buy limit 98", "0", "inside", "98"),
    ("buy limit 96", "0", "inside", "96"),
    ("buy limit 98", "5", "inside", "98"),
    ("sell limit 103", "0", "inside", "103"),
    ("sell limit 104", "0", "inside", "104"),
    ("sell stop 97", "0", "inside", "97"),
    ("sell stop 97", "0.25", "inside", "96.7"),
    ("sell stop 97", "1", "inside", "96"),
    ("sell stop 97", "5", "inside", "96 clamped"),
    ("sell stop 96", "0", "inside", "96"),
    ("buy stop 103", "0", "inside", "103"),
    ("buy stop 103", "0.25", "inside", "103.3"),
    ("buy stop 103", "5", "inside", "104 clamped"),
    # not touched
    ("buy limit 95.9", "0", "never", ""),
    ("sell limit 104.1", "0", "never", ""),
    ("sell stop 95.9", "0", "never", ""),
    ("buy stop 104.1", "0", "never", ""),
    # stop-limits: set off inside, the slippage within and beyond the limit
    ("buy stop_limit 103 103.5", "0", "inside", "103"),
    ("buy stop_limit 103 103.5", "0.3", "inside", "103.3"),
    ("buy stop_limit 103 103.5", "0.5", "inside", "103.5"),
    ("buy stop_limit 103 103.5", "0.6", "inside", "103.5"),
    ("buy stop_limit 103 110", "5", "inside", "104 clamped"),
    ("sell stop_limit 97 96.5", "0", "inside", "97"),
    ("sell stop_limit 97 96.5", "9", "inside", "96.5"),
    ("buy stop_limit 104.1 105", "0", "never", ""),
    ("sell stop_limit 95.9 95", "0", "never", ""),
    # gapped through the trigger: within the limit, and beyond it
    ("buy stop_limit 99 100.5", "0", "open", "100"),
    ("buy stop_limit 99 100", "0", "open", "100"),
    ("buy stop_limit 99 100.5", "0.8", "open", "100.5"),
    ("sell stop_limit 101 99.5", "0.2", "open", "99.8"),
    ("sell stop_limit 101 99.5", "0.8", "open", "99.5"),
    ("buy stop_limit 98 99", "2", "inside", "99"),
    ("buy stop_limit 98 96", "0", "inside", "96"),
    ("sell stop_limit 102 101", "2", "inside", "101"),
    ("sell stop_limit 110 104", "0", "inside", "104"),
    ("buy stop_limit 94 95", "0", "never", ""),
    ("sell stop_limit 106 105", "0", "never", ""),
    # set off inside, its limit on the better side: what the bar did after is not known
    ("buy stop_limit 103 102", "0", "never", ""),
    ("sell stop_limit 97 98", "0", "never", ""),
]


@pytest.mark.parametrize(("words", "slippage", "where", "expected"), CASES)
def test_where_and_at_what_price_an_order_fills(
    words: str, slippage: str, where: str, expected: str
) -> None:
    one = order(words, slippage)
    opened, inside = touched_at_open(one, bar(), TICK), touched_inside(one, bar(), TICK)
    touch = opened or inside
    found = "open" if opened else "inside" if inside else "never"
    assert found == where
    if touch is not None:
        assert touch.price == D(expected.split()[0])
        assert touch.clamped == expected.endswith("clamped")


TRIGGERED = [
    ("buy stop 103", "0.2", "open", "100.2"),
    ("sell stop 97", "9", "open", "96 clamped"),
    ("buy stop_limit 103 103.5", "9", "open", "100"),
    ("buy stop_limit 103 99", "9", "inside", "99"),
    ("buy stop_limit 103 95", "0", "never", ""),
    ("sell stop_limit 97 96.5", "0", "open", "100"),
    ("sell stop_limit 97 102", "0", "inside", "102"),
    ("sell stop_limit 97 105", "0", "never", ""),
]


@pytest.mark.parametrize(("words", "slippage", "where", "expected"), TRIGGERED)
def test_a_stop_that_was_set_off_before_goes_on_as_a_market_or_limit_order(
    words: str, slippage: str, where: str, expected: str
) -> None:
    one = order(words, slippage)
    opened = touched_at_open(one, bar(), TICK, triggered=True)
    inside = touched_inside(one, bar(), TICK, triggered=True)
    assert ("open" if opened else "inside" if inside else "never") == where
    touch = opened or inside
    if touch is not None:
        assert (touch.price, touch.clamped) == (
            D(expected.split()[0]),
            expected.endswith("clamped"),
        )


def test_a_fill_is_held_against_what_was_wanted() -> None:
    assert first(order("sell stop 101"), bar()) == Touch(D(100), D(101))
    assert first(order("buy market", "1"), bar()) == Touch(D(101), D(100))
    assert first(order("buy limit 98"), bar()) == Touch(D(98), D(98))
    assert first(order("buy limit 101"), bar()) == Touch(D(100), D(101))
    assert first(order("buy stop_limit 98 99"), bar()) == Touch(D(99), D(98))
    assert first(order("buy stop_limit 103 103.1", "1"), bar()) == Touch(D("103.1"), D(103))


@pytest.mark.parametrize(
    ("words", "set_off"),
    [
        ("buy stop 104", True),
        ("buy stop 104.1", False),
        ("sell stop 96", True),
        ("sell stop 95.9", False),
        ("buy stop_limit 104 104", True),
        ("sell stop_limit 95.9 95", False),
        ("buy limit 100", False),
        ("buy market", False),
        ("buy stop", False),
    ],
)
def test_a_stop_is_set_off_where_the_bar_reaches_it_and_somebody_traded(
    words: str, set_off: bool
) -> None:
    assert is_triggered(order(words), bar()) is set_off
    assert not is_triggered(order(words), bar(volume="0"))


@pytest.mark.parametrize(
    ("words", "reduces", "phase"),
    [
        ("buy market", False, Phase.ENTRIES),
        ("buy limit 99", False, Phase.ENTRIES),
        ("buy stop 101", False, Phase.ENTRIES),
        ("sell stop 95", True, Phase.STOPS),
        ("sell stop_limit 95 94", True, Phase.STOPS),
        ("sell limit 110", True, Phase.TARGETS),
    ],
)
def test_what_opens_comes_before_what_protects_and_that_before_what_gains(
    words: str, reduces: bool, phase: Phase
) -> None:
    assert phase_of(replace(order(words), reduce_only=reduces)) == phase


@st.composite
def bars_on_the_tick(draw: st.DrawFn) -> PriceBar:
    numbers = st.decimals("1", "200", places=1)
    opened, close, one, two = (draw(numbers) for _ in range(4))
    low, high = min(opened, close, one, two), max(opened, close, one, two)
    return PriceBar(T, opened, high, low, close, D(10))


@settings(max_examples=300)
@given(
    bars_on_the_tick(),
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["market", "limit", "stop", "stop_limit"]),
    st.decimals("1", "200", places=1),
    st.decimals("0", "9", places=1),
    st.decimals("0", "20", places=3),
    st.booleans(),
)
def test_a_fill_lies_on_the_tick_inside_the_bar_and_never_in_our_favour(
    on: PriceBar,
    side: OrderSide,
    kind: OrderKind,
    price: Decimal,
    room: Decimal,
    slippage: Decimal,
    triggered: bool,
) -> None:
    limit = price + (room if side == "buy" else -room)
    one = replace(
        order(f"{side} {kind}", str(slippage)),
        price=None if kind == "market" else price,
        limit_price=limit if kind == "stop_limit" else None,
    )
    touch = first(one, on, triggered=triggered and kind in {"stop", "stop_limit"})
    assume(touch is not None)
    assert touch is not None
    assert on.low <= touch.price <= on.high
    assert touch.price % TICK == 0
    worse = (touch.price - touch.expected) * (1 if side == "buy" else -1)
    if kind == "limit":
        assert worse <= 0
    elif not triggered:
        assert worse >= 0
    if kind == "stop_limit":
        assert touch.price <= limit if side == "buy" else touch.price >= limit


def book(*asks: tuple[str, str]) -> OrderBook:
    levels = tuple(Level(D(p), D(q)) for p, q in asks)
    return OrderBook(at=T, origin="venue", bids=(Level(D(99), D(1)),), asks=levels)


def test_an_order_taken_out_of_a_book_pays_its_average_rounded_away_from_us() -> None:
    deep = book(("101", "1"), ("101.1", "2"))
    assert taken_from_book("buy", D(3), deep, TICK) == (Touch(D("101.1"), D(100)), D(3))
    assert taken_from_book("buy", D(1), deep, TICK) == (Touch(D(101), D(100)), D(1))
    assert taken_from_book("sell", D(1), deep, D(2)) == (Touch(D(98), D(100)), D(1))


def test_a_book_that_holds_less_fills_as_much_as_it_holds() -> None:
    thin = book(("101", "1"), ("102", "2"))
    assert taken_from_book("buy", D(4), thin, TICK) == (Touch(D("101.7"), D(100)), D(3))
    assert taken_from_book("sell", D(4), thin, TICK) == (Touch(D(99), D(100)), D(1))


def test_an_empty_side_of_a_book_fills_nothing() -> None:
    assert taken_from_book("buy", D(1), book(), TICK) is None
    assert taken_from_book("sell", D(1), book(), TICK) is None
