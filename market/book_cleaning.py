"""The door for order books: levels that can be none are dropped, the rest is put in order, flagged.

A crossed book is shown as it came, with a flag: the gate's `BOOK_CROSSED` denies on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.book import Level, OrderBook
from domain.numbers import ZERO
from domain.quality import Defect, QualityFlag, Treatment

Side = tuple[Level, ...]
_LARGEST = Decimal("1e18")
"""No price and no quantity reaches it."""


def clean_levels(
    rows: Iterable[tuple[Any, Any]], at: datetime, *, falling: bool
) -> tuple[Side, tuple[QualityFlag, ...]]:
    """The levels of one side, best first, each price once, and what was mended.

    Orders that an exchange lists one by one are put together where their prices are equal.

    Args:
        rows: price and quantity of each level, in any order.
        at: when the book was so.
        falling: for bids, whose best price is the highest.
    """
    known = list(map(_level, rows))
    finite = [level for level in known if level is not None]
    sound = [level for level in finite if _is_sound(level)]
    ordered = sorted(sound, key=lambda level: level.price, reverse=falling)
    held: dict[Decimal, Decimal] = {}
    for price, quantity in ordered:
        held[price] = held.get(price, ZERO) + quantity
    counts: tuple[tuple[Defect, Treatment, int], ...] = (
        (Defect.NOT_FINITE, "dropped", len(known) - len(finite)),
        (Defect.OUT_OF_BOUNDS, "dropped", len(finite) - len(sound)),
        (Defect.UNSORTED, "sorted", sum(a != b for a, b in zip(sound, ordered, strict=True))),
    )
    flags = tuple(_flag(defect, done, count, at) for defect, done, count in counts if count)
    return tuple(Level(price, quantity) for price, quantity in held.items()), flags


def book_flags(book: OrderBook) -> Iterator[QualityFlag]:
    """What was mended in a book, and what any source's book shows by itself."""
    yield from book.flags
    crossed = [
        bid for bid, ask in zip(book.bids, book.asks, strict=False) if bid.price >= ask.price
    ]
    if crossed:
        yield _flag(Defect.CROSSED, "kept", len(crossed), book.at)


def _level(row: tuple[Any, Any]) -> Level | None:
    """The level, or None where one of its numbers is none."""
    try:
        level = Level(*(Decimal(repr(n)) if isinstance(n, float) else Decimal(n) for n in row[:2]))
    except (TypeError, ValueError, InvalidOperation):
        return None
    return level if level.price.is_finite() and level.quantity.is_finite() else None


def _is_sound(level: Level) -> bool:
    return ZERO < level.price < _LARGEST and ZERO < level.quantity < _LARGEST


def _flag(defect: Defect, treatment: Treatment, count: int, at: datetime) -> QualityFlag:
    return QualityFlag(
        datum="book", defect=defect, treatment=treatment, count=count, first_at=at, last_at=at
    )
