"""Column types that lose nothing: exact decimals, aware moments, canonical JSON.

SQLite has no decimal type and SQLAlchemy's own goes through float; NaN would be stored as NULL.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from domain.clock import from_ms, to_ms
from domain.numbers import plain
from domain.strict_json import canonical
from traces.bodies import body_text

_PICO = 12
"""Places of `PicoDollars`."""


class DecimalText(TypeDecorator[Decimal]):
    """`Decimal` as plain text, digit for digit; refuses float, NaN and infinity."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """To the database."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"money column was given {value!r}, was expected a finite Decimal")
        return plain(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value)


class PicoDollars(TypeDecorator[Decimal]):
    """US dollars as whole millionths of a millionth, so that a database sums them exactly.

    What is finer is rounded up; a price with six places of a dollar a million tokens is not.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """To the database."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"money column was given {value!r}, was expected a finite Decimal")
        return int(value.scaleb(_PICO).to_integral_value(ROUND_CEILING))

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """From the database, whose sums may be decimals."""
        return None if value is None else Decimal(value).scaleb(-_PICO)


class UtcMs(TypeDecorator[datetime]):
    """An aware moment as milliseconds since 1970; refuses a naive one."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else from_ms(value)


class EventText(TypeDecorator[str]):
    """An event's text, read however it is kept; `traces.chain` alone writes it."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:
        """From the database."""
        return None if value is None else body_text(value)


class JsonText(TypeDecorator[Any]):
    """A JSON-able value as its canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)
