"""Decimal for money, the one conversion from float, and rounding that never rounds in our favour.

Prices, quantities and money are `Decimal`; `float` lives only in indicators and statistics. Nothing
here rounds a quantity up or lets NaN or infinity through.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal(10_000)
"""Basis points in one."""
AMOUNT = r"[0-9]{1,20}(\.[0-9]{1,30})?(E[+-]?[0-9]{1,2})?"
"""An exponent without an end would be written out in as many digits."""


def to_decimal(value: float | int | str | Decimal) -> Decimal:
    """The shortest decimal that reads back as `value` (so 7485.1 stays 7485.1).

    Raises:
        ValueError: the value is NaN or infinite.
    """
    number = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"number is {value!r}, was expected to be finite")
    return number


def is_amount(text: str) -> bool:
    """Whether a text is money that something may have cost, in the digits that `Decimal` writes."""
    return re.fullmatch(AMOUNT, text) is not None


def floor_to_step(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `quantity`; never rounds up."""
    return (quantity / step).to_integral_value(ROUND_FLOOR) * step


def floor_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest tick at or below `price`."""
    return (price / tick).to_integral_value(ROUND_FLOOR) * tick


def ceil_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest tick at or above `price`."""
    return (price / tick).to_integral_value(ROUND_CEILING) * tick


def plain(value: Decimal, digits: int | None = None) -> str:
    """`value` without exponent or trailing zeros; rounded to `digits` places when given."""
    if digits is not None:
        value = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text
