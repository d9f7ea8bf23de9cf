"""What happens to a position without an order: funding at its stamp, forced closing."""

from __future__ import annotations

from decimal import Decimal

from broker import costs
from broker.paper.book import PaperBook
from broker.paper.margin import liquidation_price
from broker.paper.tape import Happening
from broker.paper.transfers import valued
from domain.instrument import quote_of
from domain.orders import FundingPayment
from market.protocol import MarketSource


async def payment(
    book: PaperBook, source: MarketSource, happening: Happening
) -> FundingPayment | None:
    """The funding that a position pays at a stamp; None where it was not held then."""
    position, stamp = book.ledger.positions.get(happening.symbol), happening.stamp
    if position is None or stamp is None or position.opened_at >= happening.at:
        return None
    tick = await source.tick(happening.symbol, stamp.at)
    if tick is None:
        return None
    return costs.funding_payment(position, happening.at, stamp.rate_fraction, tick.price)


async def forced_price(
    book: PaperBook, source: MarketSource, happening: Happening
) -> Decimal | None:
    """The price of forced closing, in quote; without leverage there is none worth the reckoning."""
    held = book.ledger.held(quote_of(happening.symbol))
    if happening.symbol not in held or book.terms.leverage_ratio <= 1:
        return None
    instruments, marks = await valued(source, held, happening.at)
    if len(marks) < len(held):
        return None
    maintenance = {s: on.maintenance_margin_fraction for s, on in instruments.items()}
    return liquidation_price(book, instruments[happening.symbol], marks, maintenance)
