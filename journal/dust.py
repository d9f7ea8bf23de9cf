"""What fees in base leave over: less than a step, which no order can sell and no stop can cover.

The ledger keeps all of it, for the venue does too. Before the gate it is no position.
"""

from __future__ import annotations

from decimal import Decimal

from domain.lifecycle import PLAN_STEPS
from domain.numbers import ZERO
from domain.orders import Fill, Position
from journal.reading import JournalReader
from journal.trades import left_of


def is_dust(journal: JournalReader, held: Position, uncovered: Decimal, step: Decimal) -> bool:
    """Whether what no order covers of a position is only dust, that of earlier plans included.

    Args:
        journal: The session's record; read only where several plans may have left dust.
        held: The position.
        uncovered: The part of it in question, unsigned.
        step: Least quantity of the instrument that can be sold.
    """
    if uncovered < step:
        return True
    left = uncovered - _left_over(journal, held.symbol, step) if step else uncovered
    return left < step


def _left_over(journal: JournalReader, symbol: str, step: Decimal) -> Decimal:
    """The sum of what plans that are over could not sell, less what exits of others sold of it."""
    fills: dict[str, list[Fill]] = {}
    for fill in journal.fills():
        if fill.symbol == symbol:
            fills.setdefault(fill.plan_id, []).append(fill)
    over = [stored for stored in journal.plans() if not PLAN_STEPS[stored.status]]
    parts = [left_of(fills.get(s.plan.plan_id, []), s.bracket.side) for s in over]
    return sum((part for part in parts if part < step), ZERO)
