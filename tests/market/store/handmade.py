"""A store in a folder, and candles whose every value can be told from its open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import to_ms
from market.store.store import MarketStore
from tests.places import place_in
from traces.database import Database
from traces.tables import METADATA

HOUR = 3_600_000
START = to_ms(datetime(2023, 1, 1, tzinfo=UTC))
SEEN = datetime(2023, 6, 1, tzinfo=UTC)
LATER = datetime(2023, 6, 2, tzinfo=UTC)


def store_in(folder: Path) -> MarketStore:
    return MarketStore(Database.open(place_in(folder), METADATA))


def hours(*numbers: int) -> Series:
    """Candles of the hours with these numbers since 2023."""
    opens = START + np.array(numbers, dtype=np.int64) * HOUR
    base = 100 + np.array(numbers, dtype=np.float64)
    return Series(Timeframe.H1, opens, base, base + 2, base - 2, base + 1, base * 0.1)


def changed(series: Series, row: int, **values: float) -> Series:
    """The series with other values in one row."""
    columns: dict[str, Any] = {}
    for name, value in values.items():
        column = getattr(series, name).copy()
        column[row] = value
        columns[name] = column
    return replace(series, **columns)


def same(one: Series, other: Series) -> bool:
    names = ("open_ms", "open", "high", "low", "close", "volume")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
