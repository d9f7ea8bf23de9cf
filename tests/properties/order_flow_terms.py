"""What the judge of the machine knows beside the rows of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

Bar = tuple[Fraction, Fraction, Fraction, Fraction, Fraction]
"""Open, high, low, close, volume."""


@dataclass(frozen=True)
class Market:
    """What the judge knows of the market; bars by symbol and open in milliseconds."""

    bars: Mapping[str, Mapping[int, Bar]]
    kinds: Mapping[str, str]
    tick: Fraction
    step: Fraction
    fee: Fraction
    share: Fraction
    base_fees: bool
    now: int
    """True time, in milliseconds since 1970."""
    marks: Mapping[str, Fraction]
    live: bool
    leverage: Fraction
    """Of a perpetual's margin."""


@dataclass(frozen=True)
class Account:
    """What the process under test says that it has."""

    cash: Fraction
    positions: Mapping[str, tuple[Fraction, Fraction]]
    """Signed quantity and cost."""
    equity: Fraction
    free: Fraction
    """Of the equity, what is not tied up."""


def ms(moment: str) -> int:
    """Milliseconds since 1970 of a moment as the venue writes it."""
    at = datetime.fromisoformat(moment)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
