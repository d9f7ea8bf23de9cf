"""Whether the conditions under which a plan is wrong hold, read off a snapshot.

What cannot be read is None, and neither holds nor does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.condition import Condition, read_condition
from domain.numbers import BPS, to_decimal
from domain.snapshot import Features, Snapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """One condition as it stands at a moment."""

    condition: str
    """The sentence."""
    measured: Decimal | None
    """What it asks about, in its unit; None where that cannot be known."""
    holds: bool | None
    """Whether it is so; None where that cannot be known."""


def readings(conditions: Iterable[str], snapshot: Snapshot) -> tuple[Reading, ...]:
    """Each condition, read off a snapshot."""
    return tuple(_reading(read_condition(text), snapshot) for text in conditions)


def _reading(condition: Condition, snapshot: Snapshot) -> Reading:
    if condition.timeframe is None:
        features, measured = None, _of_the_moment(condition.subject, snapshot)
    else:
        features = _features(condition, snapshot)
        measured = _of_the_candle(condition.subject, features)
    said = condition.level
    level = _of_the_candle(said, features) if isinstance(said, str) else said
    if measured is None or level is None:
        return Reading(str(condition), measured, None)
    return Reading(str(condition), measured, condition.holds(measured, level))


def _features(condition: Condition, snapshot: Snapshot) -> Features | None:
    found = (of for of in snapshot.features if of.timeframe == condition.timeframe)
    return next(found, None)


def _of_the_candle(name: str, features: Features | None) -> Decimal | None:
    value = None if features is None else getattr(features, name)
    return None if value is None else to_decimal(value)


def _of_the_moment(subject: str, snapshot: Snapshot) -> Decimal | None:
    match subject:
        case "price":
            return snapshot.last
        case "funding":
            return snapshot.funding.rate_fraction if snapshot.funding else None
        case "open interest":
            return snapshot.open_interest
    spread = snapshot.book.spread_bps if snapshot.book else None
    return None if spread is None else spread / BPS
