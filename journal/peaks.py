"""How high each purse has stood: read once, then kept up with what is recorded.

A peak is remembered without deposits and withdrawals, so that these move it whole when it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, localcontext

from journal.ledger import EXACT, Purse
from journal.metrics import EquityPoint
from journal.reading import JournalReader


class Peaks:
    """The highest values of one session's purses."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._known: dict[str, tuple[datetime | None, Decimal]] = {}

    def of(self, purse: Purse) -> Decimal:
        """The highest value recorded, or the starting money; since an operator last resumed."""
        resumed = self._journal.resumed_at()
        known = self._known.get(purse.currency)
        if known is None or known[0] != resumed:
            points = self._journal.equity_points(purse.currency)
            values = [p.earned for p in points if resumed is None or p.at >= resumed]
            begun = [purse.capital] if resumed is None or not values else []
            known = self._known[purse.currency] = resumed, max([*begun, *values])
        with localcontext(EXACT):
            return known[1] + purse.net_deposits

    def saw(self, at: datetime, equity: Mapping[str, Decimal], purses: Mapping[str, Purse]) -> None:
        """These values were recorded."""
        for currency, (resumed, peak) in self._known.items():
            if currency in equity:
                point = EquityPoint(at, equity[currency], purses[currency].net_deposits)
                self._known[currency] = resumed, max(peak, point.earned)
