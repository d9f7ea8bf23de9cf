"""The words of a script: moments, and numbers that survive the way into candles and back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from domain.clock import parse_moment
from policies.case_fields import EARLIEST, LATEST

MAX_BARS_COUNT = 100_000
CANDLE_DIGITS = 15
"""Candles hold floats, which keep so many digits exactly."""


def _when(value: Any) -> Any:
    expected = 'a moment such as "2024-01-01T05:00:00Z", or a number of bars after the start'
    if isinstance(value, Decimal) and 0 <= value <= MAX_BARS_COUNT:
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value} was expected to be {expected}")
    try:
        moment = parse_moment(value)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError(f"{value!r} was expected to be {expected}")
    return moment


When = Annotated[
    datetime | Decimal,
    BeforeValidator(_when),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "number", "minimum": 0, "maximum": MAX_BARS_COUNT},
            ]
        }
    ),
]
"""A moment, or a number of bars after the script's start; 1.5 is the middle of its second bar."""
CandleNumber = Annotated[
    Decimal,
    Field(gt=Decimal("-1e12"), lt=Decimal("1e12"), max_digits=CANDLE_DIGITS, allow_inf_nan=False),
    WithJsonSchema({"type": "number"}),
]
"""Checked further as part of its candle."""
Share = Annotated[
    Decimal,
    Field(gt=0, le=1, allow_inf_nan=False),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
]
BarRow = tuple[When, CandleNumber, CandleNumber, CandleNumber, CandleNumber, CandleNumber]
"""Open time, open, high, low, close, volume."""
