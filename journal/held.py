"""What is held before the gate, and what of it is lost if its stops fire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from domain.instrument import Instrument
from domain.lifecycle import OrderStatus
from domain.numbers import ZERO
from domain.orders import Order, Position
from journal.dust import is_dust
from journal.reading import JournalReader
from policies.facts import Held


def all_held(
    journal: JournalReader,
    positions: Mapping[str, Position],
    orders: Sequence[Order],
    marks: Mapping[str, Decimal],
    instrument: Callable[[str], Instrument],
) -> tuple[list[Held], list[Held]]:
    """Positions, and what is less than one."""
    held: list[Held] = []
    dust: list[Held] = []
    for name, position in sorted(positions.items()):
        covered = _covered(orders, name)
        uncovered = abs(position.quantity) - covered
        on = instrument(name)
        known = uncovered <= ZERO or is_dust(journal, position, uncovered, on.quantity_step)
        found = _held(orders, journal, position, marks[name], on, covered=known)
        (dust if known and not covered else held).append(found)
    return held, dust


def _stops(orders: Sequence[Order], symbol: str) -> list[Order]:
    return [
        o
        for o in orders
        if o.status == OrderStatus.WORKING and o.leg == "stop" and o.symbol == symbol
    ]


def _covered(orders: Sequence[Order], symbol: str) -> Decimal:
    return sum((o.quantity for o in _stops(orders, symbol)), ZERO)


def _held(
    orders: Sequence[Order],
    journal: JournalReader,
    position: Position,
    mark: Decimal,
    on: Instrument,
    *,
    covered: bool,
) -> Held:
    """A position with what is lost from its mark if its stop fires.

    The risk is unknown unless working stops cover all that is held but dust; where there are
    several, the farthest is taken to close it all.
    """
    name, quantity = position.symbol, abs(position.quantity)
    stops = _stops(orders, name)
    risk = None
    priced = all(o.price is not None for o in stops)
    if stops and priced and covered:
        risk = quantity * max(_loss_per_unit(journal, o, position, mark, on) for o in stops)
    return Held(name, position.quantity, mark, risk)


def _loss_per_unit(
    journal: JournalReader, stop: Order, held: Position, mark: Decimal, on: Instrument
) -> Decimal:
    """From the mark to the stop, and costs.

    Costs are what the plan reckoned with, and never less than fees of both sides and slippage: a
    plan whose stop was moved beyond its entry risks nothing of its own, and still pays them.
    """
    price = ZERO if stop.price is None else stop.price
    away = mark - price if held.side == "long" else price - mark
    bracket = journal.plan_terms(stop.plan_id).bracket
    reckoned = bracket.risk_per_unit - abs(bracket.entry_price - bracket.stop_price)
    least = on.taker_fee_fraction * (held.entry_price + price) + stop.slippage
    return max(ZERO, away) + max(reckoned, least)
