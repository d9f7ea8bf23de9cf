"""The words of a case file: numbers, counts, moments and names, each with its bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from domain.candles import Timeframe
from domain.clock import parse_moment

DEFAULT_NOW = datetime(2024, 1, 1, tzinfo=UTC)
"""Times only matter against each other; where the file gives none, this is now."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Moments lie between the two, so that adding a horizon to one can never leave the calendar."""


def whole(value: Any) -> Any:
    """A JSON number without a fraction as an int; anything else as it is, to be refused."""
    is_whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if is_whole else value


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = parse_moment(value)
    except OverflowError:  # its offset leads out of the calendar
        moment = None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError(f"moment {value!r} was expected from {EARLIEST.year} to {LATEST.year - 1}")
    return moment


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("null; leave it out for the default, it cannot be missing")
    return value


def _timeframe(value: Any) -> Any:
    return Timeframe(value) if isinstance(value, str) else value


Number = Annotated[
    Decimal,
    Field(gt=Decimal("-1e12"), lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number"}),
]
Positive = Annotated[
    Decimal,
    Field(gt=0, lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
NotNegative = Annotated[
    Decimal,
    Field(ge=0, lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
Count = Annotated[int, BeforeValidator(whole), Field(ge=0, le=1_000_000)]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Bars = Annotated[
    Timeframe,
    BeforeValidator(_timeframe),
    WithJsonSchema({"type": "string", "enum": [t.value for t in Timeframe]}),
]
NOT_NULL = BeforeValidator(_not_null)
"""May be left out, but not said to be missing: the case could not be reckoned without."""
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


class Section(BaseModel):
    """One part of a case file: strict, and nothing in it that is not known."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )
