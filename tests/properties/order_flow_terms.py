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


@dataclass(frozen=True)
class Account:
    """What the process under test says that it has."""

    cash: Fraction
    positions: Mapping[str, tuple[Fraction, Fraction]]
    """Signed quantity and cost."""


def ms(moment: str) -> int:
    """Milliseconds since 1970 of a moment as the venue writes it."""
    at = datetime.fromisoformat(moment)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
