"""Tables of the market store: whole numbers for moments, so that a million rows stay small.

Candles are what indicators read, so they are floating numbers as everywhere; rates are exact.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, UniqueConstraint

from traces.columns import DecimalText, JsonText, UtcMs
from traces.tables import METADATA

_ID = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str, kind: Any = BigInteger) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


SERIES = Table(
    "market_series",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("source", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("answered_at", UtcMs, nullable=True),
    UniqueConstraint("source", "symbol", "kind", name="market_series_named"),
)
"""What is kept under a number: candles of a timeframe, `funding` or `open_interest` of a symbol."""

CANDLES = Table(
    "market_candle",
    METADATA,
    _key("series"),
    _key("open_ms"),
    *(Column(name, Double, nullable=False) for name in ("open", "high", "low", "close", "volume")),
    sqlite_with_rowid=False,
)
"""One settled candle a row, stamped with its open."""

COVERAGE = Table(
    "market_coverage",
    METADATA,
    _key("series"),
    _key("from_ms"),
    Column("to_ms", BigInteger, nullable=False),
)
"""Stretches of time, end excluded, that were asked about and answered; they never touch."""

REVISIONS = Table(
    "market_revision",
    METADATA,
    _key("series"),
    _key("stamp_ms"),
    _key("seen_at", UtcMs),
    Column("old", JsonText, nullable=False),
    Column("new", JsonText, nullable=False),
)
"""A datum that came back different: what it was, what it is now, when that was seen."""

FLAWS = Table(
    "market_flaw",
    METADATA,
    _key("series"),
    _key("stamp_ms"),
    Column("defect", Text, primary_key=True),
    Column("treatment", Text, nullable=False),
)
"""What was mended in candles before they were kept, by the opens at which it was there to see."""


def _stamped(name: str) -> Table:
    """Exact values by the moment they are of."""
    value = Column("value", DecimalText, nullable=False)
    return Table(name, METADATA, _key("series"), _key("stamp_ms"), value)


FUNDING = _stamped("market_funding")
"""Funding payments: the whole second they were due at, and the share of notional."""

OPEN_INTEREST = _stamped("market_open_interest")
"""Open contracts in base, by the moment they were counted."""

INSTRUMENTS = Table(
    "market_instrument",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    _key("seen_at", UtcMs),
    Column("document", JsonText, nullable=False),
)
"""What a source said of an instrument, from the moment it was first seen so."""
