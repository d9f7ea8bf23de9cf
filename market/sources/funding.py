"""Funding payments on record, and what was known of them at some moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.clock import from_ms, iso, to_ms
from domain.errors import DataError
from domain.numbers import to_decimal
from domain.snapshot import Funding
from market.protocol import FundingStamp

if TYPE_CHECKING:
    from domain.candles import Stamps

_HOUR_MS = 3_600_000
_USUAL_HOURS = 8
"""Interval assumed from a single payment: the most common one among venues."""
RATE_LIMIT = 1
"""No payment reaches the whole notional; such a number is a percentage or garbage."""
_RECENT = 12
"""How many of the latest rates are told."""


@dataclass(frozen=True, slots=True)
class FundingHistory:
    """Payments of one perpetual, oldest first.

    Stamps are whole seconds: venues stamp a payment some milliseconds after the moment it is due
    for, and it is that moment which a position must be held over. Build with `funding_history`.
    """

    stamps_ms: Stamps
    """Strictly increasing, shape (n,)."""
    rates: tuple[Decimal, ...]
    """Fractions of notional, one per stamp."""

    def as_of(self, as_of: datetime) -> Funding | None:
        """Funding as known at `as_of`; None before the first payment.

        The interval is the median spacing of the payments known by then, so that what comes later
        cannot change it.
        """
        stop = self._count_until(as_of)
        if not stop:
            return None
        start = max(0, stop - _RECENT)
        stamps = self.stamps_ms[start:stop]
        hours = _interval_hours(stamps)
        known_at = from_ms(int(stamps[-1]))
        missed = (as_of - known_at) // timedelta(hours=hours)
        return Funding(
            rate_fraction=self.rates[stop - 1],
            interval_hours=hours,
            known_at=known_at,
            next_at=known_at + timedelta(hours=hours) * (missed + 1),
            recent_rates=self.rates[start:stop],
        )

    def between(self, after: datetime, until: datetime) -> Sequence[FundingStamp]:
        """Payments with `after` < at <= `until`."""
        start, stop = self._count_until(after), self._count_until(until)
        return [
            FundingStamp(from_ms(int(self.stamps_ms[row])), self.rates[row])
            for row in range(start, stop)
        ]

    def _count_until(self, at: datetime) -> int:
        return int(np.searchsorted(self.stamps_ms, to_ms(at), side="right"))


def funding_history(stamps_ms: Stamps, rates: Sequence[Decimal]) -> FundingHistory:
    """Payments with the venue's milliseconds of jitter taken off their stamps.

    Of stamps that then fall together the first is kept: a position pays once.
    """
    stamps, kept = np.unique(whole_seconds(stamps_ms), return_index=True)
    return FundingHistory(stamps, tuple(rates[row] for row in kept))


def to_rate(value: Any, stamp_ms: int) -> Decimal:
    """The rate of a payment as a venue states it.

    Raises:
        DataError: it is no fraction of the notional.
    """
    try:
        rate = to_decimal(value)
    except (TypeError, ValueError, ArithmeticError):
        rate = Decimal(RATE_LIMIT)
    if abs(rate) >= RATE_LIMIT:
        raise DataError(
            f"funding rate of {iso(from_ms(stamp_ms))} is {value!r}, was expected between "
            f"-{RATE_LIMIT} and {RATE_LIMIT}, a fraction of the notional"
        )
    return rate


def whole_seconds(stamps_ms: Stamps) -> Stamps:
    """The stamps rounded down to the second, still in milliseconds."""
    return np.asarray(stamps_ms, np.int64) // 1000 * 1000


def _interval_hours(stamps: Stamps) -> int:
    if len(stamps) < 2:
        return _USUAL_HOURS
    return max(1, round(float(np.median(np.diff(stamps))) / _HOUR_MS))
