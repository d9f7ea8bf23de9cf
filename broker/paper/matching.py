"""One bar, step by step: which order fills next, at what price and how much of it.

After each fill the caller may send, amend and cancel before the bar goes on, as one does at a real
venue; so the exits of an entry that filled inside a bar meet the rest of that bar. Of these a stop
may fill there (the cautious reading), a target only on later bars, since the bar's favourable end
may lie before the entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from broker.paper.book import PaperBook, Resting
from broker.paper.fills import (
    Phase,
    PriceBar,
    Touch,
    is_triggered,
    phase_of,
    touched_at_open,
    touched_inside,
)
from domain.instrument import Instrument
from domain.numbers import ZERO, floor_to_step


@dataclass(frozen=True, slots=True)
class Place:
    """How far a bar of one instrument has been played."""

    phase: Phase = Phase.OPEN
    used: Decimal = ZERO
    """What was filled in it so far, in base."""


class Match(NamedTuple):
    """The next thing that happens in a bar."""

    resting: Resting | None
    """None for a liquidation."""
    touch: Touch
    quantity: Decimal
    place: Place
    """Where the bar stands after it."""


def next_match(
    book: PaperBook, bar: PriceBar, on: Instrument, place: Place, liquidation: Decimal | None
) -> Match | None:
    """The next fill of a bar, or None when it has no more.

    Args:
        book: Orders and account.
        bar: The bar.
        on: Its instrument.
        place: Where the bar stands.
        liquidation: Price at which the position is closed by force, if any.
    """
    if bar.volume <= ZERO:
        return None
    budget = floor_to_step(
        bar.volume * book.terms.volume_share_fraction - place.used, on.quantity_step
    )
    for phase in [p for p in Phase if place.phase <= p < Phase.OVER]:
        forced = _forced(book, bar, on, phase, liquidation)
        for resting in _candidates(book, bar, on, phase):
            touch = _touch(resting, bar, on, phase)
            if touch is None:
                continue
            if forced is not None and _comes_first(forced, resting, touch, book.held(on.symbol)):
                break
            quantity = min(book.reducible(resting.order), budget)
            if quantity > ZERO:
                return Match(resting, touch, quantity, Place(phase, place.used + quantity))
        if forced is not None:
            return Match(None, forced, abs(book.held(on.symbol)), Place(phase, place.used))
    return None


def trigger(book: PaperBook, bar: PriceBar, symbol: str) -> None:
    """At a bar's end: remember the stops that it set off and that did not fill whole."""
    for resting in book.of(symbol):
        seen = resting.since <= bar.open_at and resting.phase <= Phase.STOPS
        if seen and not resting.triggered and is_triggered(resting.order, bar):
            book.put(replace(resting, triggered=True))


def _candidates(book: PaperBook, bar: PriceBar, on: Instrument, phase: Phase) -> list[Resting]:
    """Orders that are looked at in a phase, in the order in which the market comes to them."""
    chosen = [r for r in book.of(on.symbol) if _is_eligible(r, bar, phase)]
    return sorted(chosen, key=lambda r: _turn(r, bar))


def _is_eligible(resting: Resting, bar: PriceBar, phase: Phase) -> bool:
    if resting.since > bar.open_at or (phase != Phase.OPEN and phase_of(resting.order) != phase):
        return False
    if resting.since < bar.open_at or resting.phase == Phase.OPEN:
        return True
    return phase == Phase.STOPS


def _turn(resting: Resting, bar: PriceBar) -> tuple[bool, bool, Decimal, str]:
    """Exits before entries, market orders before others, and the nearest price first."""
    order = resting.order
    distance = ZERO if order.price is None else abs(order.price - bar.open)
    return not order.reduce_only, order.kind != "market", distance, order.client_order_id


def _touch(resting: Resting, bar: PriceBar, on: Instrument, phase: Phase) -> Touch | None:
    order, tick, triggered = resting.order, on.price_tick, resting.triggered
    if phase == Phase.OPEN:
        return touched_at_open(order, bar, tick, triggered=triggered)
    return touched_inside(order, bar, tick, triggered=triggered)


def _forced(
    book: PaperBook, bar: PriceBar, on: Instrument, phase: Phase, price: Decimal | None
) -> Touch | None:
    """The liquidation, in the phase where the bar comes to it."""
    held = book.held(on.symbol)
    if price is None or held == ZERO or phase not in {Phase.OPEN, Phase.STOPS}:
        return None
    worst = bar.open if phase == Phase.OPEN else (bar.low if held > ZERO else bar.high)
    if not _is_beyond(price, worst, held) and worst != price:
        return None
    return Touch(bar.open if phase == Phase.OPEN else price, price)


def _comes_first(forced: Touch, resting: Resting, touch: Touch, held: Decimal) -> bool:
    """Whether a liquidation comes before an order: its price is nearer, or the order would add."""
    nearer = _is_beyond(forced.expected, touch.expected, held)
    return nearer or not resting.order.reduce_only


def _is_beyond(price: Decimal, other: Decimal, held: Decimal) -> bool:
    """Whether a position's loss is larger at `other` than at `price`."""
    return other < price if held > ZERO else other > price
