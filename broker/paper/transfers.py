"""What the paper venue reckons an account by, and lets be taken out: what is free and realised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from broker.paper.admission import free_money
from broker.paper.book import PaperBook
from domain.instrument import Instrument
from domain.numbers import ZERO, plain
from market.protocol import MarketSource


async def valued(
    source: MarketSource, symbols: Collection[str], at: datetime
) -> tuple[dict[str, Instrument], dict[str, Decimal]]:
    """Instruments, and the newest prices of those that have one."""
    marks = {}
    for symbol in symbols:
        if tick := await source.tick(symbol, at):
            marks[symbol] = tick.price
    return {symbol: source.instrument(symbol) for symbol in symbols}, marks


def transfer_refusal(
    book: PaperBook,
    currency: str,
    amount: Decimal,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> str:
    """Why money is not moved; empty when it is.

    Args:
        book: Orders that rest, and the account.
        currency: Of which purse.
        amount: Negative takes out.
        instruments: Of everything held or worked in the currency.
        marks: Their newest prices.
    """
    if currency not in book.ledger.purses:
        return f"the account has no {currency}, it has {', '.join(sorted(book.ledger.purses))}"
    if amount >= ZERO:
        return "" if amount > ZERO else "nothing is to be moved"
    lacking = sorted(set(instruments) - set(marks))
    if lacking:
        return f"{', '.join(lacking)} has no price, so what is free is not known"
    free = free_money(book, currency, instruments, marks)
    free = max(ZERO, min(free, book.ledger.purses[currency].cash))
    return f"{plain(free, 8)} {currency} are free" if -amount > free else ""
