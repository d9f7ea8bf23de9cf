"""When the paper venue closes a position by force: cross margin within a purse."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from broker.paper.book import PaperBook
from domain.instrument import Instrument
from domain.numbers import ZERO, ceil_to_tick, floor_to_tick


def liquidation_price(
    book: PaperBook,
    on: Instrument,
    marks: Mapping[str, Decimal],
    maintenance: Mapping[str, Decimal],
) -> Decimal | None:
    """The price of a perpetual at which its purse no longer covers its maintenance margin.

    cash + unrealised of the others + (p x q - cost) = m |q| p + maintenance of the others, solved
    for p and rounded to the tick toward the market; None where no price above nothing does it.

    Args:
        book: The account.
        on: The instrument whose price moves.
        marks: Newest prices of everything held in its currency; the others stay there.
        maintenance: Maintenance margin per held perpetual, as a fraction of notional.
    """
    position = book.ledger.positions.get(on.symbol)
    if position is None or on.kind != "perpetual":
        return None
    others = book.ledger.purses[on.quote].cash
    for symbol, other in book.ledger.held(on.quote).items():
        if symbol == on.symbol:
            continue
        value = other.quantity * marks[symbol]
        if symbol in book.ledger.perpetuals:
            others += value - other.cost - maintenance[symbol] * abs(value)
        else:
            others += value
    slope = position.quantity - on.maintenance_margin_fraction * abs(position.quantity)
    price = (position.cost - others) / slope
    if price <= ZERO:  # never for a long; for a short, at every price
        return None if position.quantity > ZERO else on.price_tick
    rounded = ceil_to_tick if position.quantity > ZERO else floor_to_tick
    return rounded(price, on.price_tick)
