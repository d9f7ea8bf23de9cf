"""What the paper venue takes: orders on its grid, within its limits, that the account can pay.

What reduces a position is taken at any size: a stop that is refused guards nothing, and the venues
that matter have a way to close whatever is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from broker.paper.book import PaperBook
from domain.instrument import Instrument, quote_of
from domain.numbers import ONE, ZERO, plain
from domain.orders import Order


def refusal(
    order: Order,
    book: PaperBook,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> str:
    """Why an order is not taken; empty when it is.

    Args:
        order: What was sent.
        book: Orders that rest, and the account.
        instruments: This symbol's, and of everything held or worked in its currency.
        marks: Their newest prices, in quote; before the first candle there is none, and what needs
            it is not asked.
    """
    on = instruments[order.symbol]
    reasons = [] if order.reduce_only else [*_out_of_bounds(order, on, marks)]
    reasons += _off_the_grid(order, on)
    if order.reduce_only:
        reasons += [] if book.reducible(order) > ZERO else ["there is nothing to reduce"]
    else:
        reasons += _not_held(order, on, book)
        if set(marks) == set(instruments):
            reasons += _unpayable(order, book, instruments, marks)
    return reasons[0] if reasons else ""


def free_money(
    book: PaperBook,
    currency: str,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> Decimal:
    """What is left of a purse for a new order: nothing is tied up twice.

    Cash and unrealised profit of perpetuals, less their margin (value over leverage), less what
    working entries would tie up when they fill.
    """
    free = book.ledger.purses[currency].cash
    for symbol, position in book.ledger.held(currency).items():
        if instruments[symbol].kind == "perpetual":
            mark = marks[symbol]
            free += position.unrealised(mark) - abs(position.quantity) * mark / _leverage(book)
    for resting in book.orders.values():
        if not resting.order.reduce_only and quote_of(resting.order.symbol) == currency:
            free -= _needed(resting.order, book, instruments, marks)
    return free


def _off_the_grid(order: Order, on: Instrument) -> Iterator[str]:
    if order.quantity % on.quantity_step:
        step = plain(on.quantity_step)
        yield f"quantity {plain(order.quantity)} is off the step of {step}"
    for price in (order.price, order.limit_price):
        if price is not None and price % on.price_tick:
            yield f"price {plain(price)} is off the tick of {plain(on.price_tick)}"


def _out_of_bounds(order: Order, on: Instrument, marks: Mapping[str, Decimal]) -> Iterator[str]:
    quantity, price = order.quantity, order.limit_price or order.price or marks.get(order.symbol)
    if not on.active:
        yield f"{order.symbol} is not traded"
    if quantity < on.min_quantity:
        yield f"quantity {plain(quantity)} is below the least of {plain(on.min_quantity)}"
    if on.max_quantity is not None and quantity > on.max_quantity:
        yield f"quantity {plain(quantity)} is above the most of {plain(on.max_quantity)}"
    if price is not None and quantity * price < on.min_notional:
        worth = plain(quantity * price)
        yield f"value {worth} is below the least of {plain(on.min_notional)}"


def _not_held(order: Order, on: Instrument, book: PaperBook) -> Iterator[str]:
    held = book.held(order.symbol)
    if on.kind == "spot" and order.side == "sell" and held < order.quantity:
        yield f"{plain(held)} {on.base} held, {plain(order.quantity)} sold"


def _unpayable(
    order: Order,
    book: PaperBook,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> Iterator[str]:
    on = instruments[order.symbol]
    free = free_money(book, on.quote, instruments, marks)
    needed = _needed(order, book, instruments, marks)
    if needed > max(ZERO, free):
        yield f"{plain(needed, 2)} {on.quote} needed, {plain(free, 2)} free"


def _needed(
    order: Order,
    book: PaperBook,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> Decimal:
    """What an order ties up when it fills, its fee included, in quote; a spot sale nothing."""
    on = instruments[order.symbol]
    if on.kind == "spot" and order.side == "sell":
        return ZERO
    share = ONE if on.kind == "spot" else ONE / _leverage(book)
    return order.remaining * _price(order, marks) * (share + on.taker_fee_fraction)


def _price(order: Order, marks: Mapping[str, Decimal]) -> Decimal:
    """What an order is reckoned at: its limit where it has one, else its trigger or the market."""
    return order.limit_price or order.price or marks[order.symbol]


def _leverage(book: PaperBook) -> Decimal:
    return book.terms.leverage_ratio
