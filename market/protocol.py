"""The seam to market data: one protocol, every source behind it.

Contract, checked by one suite on every implementation:

- Point in time: a call with `as_of` returns only what was known then. Candles are closed
  (open + timeframe <= as_of); funding, trades, open interest are stamped at or before `as_of`.
- The newest *price* may come from the candle that is forming: its open is known as soon as the
  clock has passed its open time. This is what an order sent after a decision meets.
- Failure raises (`DataError`, `UnknownSymbol`, `Unreachable`, `AccessRefused`). An empty or None
  answer means "does not exist", never "did not work".
- A source says what it offers, and never makes up what it does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from domain.book import OrderBook
from domain.candles import Candles, Timeframe
from domain.instrument import Instrument
from domain.quality import QualityFlag
from domain.snapshot import Funding, Origin, VenueStatus

Offer = Literal[
    "order_book", "trades", "funding", "open_interest", "open_interest_history", "liquidations"
]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source is and what it offers."""

    name: str
    """As the user names it: `box`, `synthetic`, `files:PATH`, `ccxt:EXCHANGE`."""
    origin: Origin
    """`recorded`, `synthetic` or `live`; shown wherever its data is."""
    description: str
    """One line: what data this is."""
    offers: frozenset[Offer]
    """What it has beside candles."""
    base_timeframe: Timeframe
    """Finest candles it has; orders are filled on these in simulation."""
    starts_at: datetime | None
    """Open of its first candle (latest over all symbols); None for a live source."""
    ends_at: datetime | None
    """Open of its last candle, which may be unclosed (earliest over all symbols); None if live."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The newest price known, and when it was known."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """One public trade."""

    at: datetime
    price: Decimal
    quantity: Decimal
    aggressor: Literal["buy", "sell"]


@dataclass(frozen=True, slots=True)
class FundingStamp:
    """One funding payment of a perpetual."""

    at: datetime
    """When it fell due."""
    rate_fraction: Decimal
    """Share of notional; positive is paid by longs to shorts."""


INTEREST_TOLD_AFTER = timedelta(minutes=5)
"""Exchanges tell the open interest of a moment some minutes later; on record there is the stamp
alone, so a replay knows it then, not at the stamp."""


@dataclass(frozen=True, slots=True)
class Liquidation:
    """One position that was closed by force."""

    at: datetime
    price: Decimal
    """In quote."""
    quantity: Decimal
    """In base."""
    order_side: Literal["buy", "sell"]
    """Of the closing order: `sell` closed a long."""


class VenueState(NamedTuple):
    """What a venue says of itself; None is a question that it did not answer."""

    status: VenueStatus | None
    """Whether it takes orders."""
    clock_skew_s: float | None
    """Our clock minus its own, in seconds."""
    flags: tuple[QualityFlag, ...] = ()
    """What it changed about its instruments since they were opened."""


SIMULATED = VenueState("open", 0.0)
"""What a source says whose time is its own: recorded, synthetic, or replayed."""


class MarketSource(Protocol):
    """Market data, as of a moment."""

    @property
    def info(self) -> SourceInfo:
        """What this source is; known after `open`."""
        ...

    async def open(self, symbols: Sequence[str]) -> None:
        """Connect or load, and make sure that each symbol exists.

        Raises:
            UnknownSymbol: naming near misses.
            DataError: the data is missing or broken.
            Unreachable: no answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; may be called twice."""
        ...

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of an opened symbol."""
        ...

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """The newest `bars` closed candles, oldest first; fewer where there are fewer.

        Simulated sources return windows into one immutable `Series` per symbol and timeframe, whose
        start is the series' own, so that features are computed once per series.
        """
        ...

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price known at `as_of`; None before the first candle."""
        ...

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """The order book; None where `order_book` is not offered."""
        ...

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest public trades, oldest first; empty where `trades` is not offered."""
        ...

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        """Funding of a perpetual; None for spot and where `funding` is not offered."""
        ...

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        """Open contracts in base; None where `open_interest` is not offered."""
        ...

    async def venue(self, as_of: datetime) -> VenueState:
        """Whether the venue takes orders and how far our clock is from its own.

        The one question that an open source never fails: what the venue leaves unanswered is None,
        and the gate denies on it.
        """
        ...

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """Base candles with open >= `after` and open + timeframe <= `until`.

        What simulated orders are filled on; not for decisions, which ask for `candles`.
        """
        ...

    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        """Payments with `after` < at <= `until`, oldest first; empty where there are none."""
        ...


@runtime_checkable
class ManySources(Protocol):
    """A market source whose data come from several; it says which gave what."""

    def answered_by(self, datum: str, symbol: str) -> str:
        """The source that gave the newest answer about a datum.

        Args:
            datum: As in a snapshot's provenance, such as `candles.1h`, `last` or `book`.
            symbol: An opened symbol.
        """
        ...


@runtime_checkable
class LiquidationSource(Protocol):
    """A market source that may tell forced closes; `info.offers` says whether it does."""

    async def liquidations(self, symbol: str, as_of: datetime, limit: int) -> Sequence[Liquidation]:
        """Forced closes stamped at or before `as_of`, oldest first; empty where not offered."""
        ...


@runtime_checkable
class NoticingSource(Protocol):
    """A market source to which things happen that a person should know of."""

    def notices(self) -> list[str]:
        """What happened since the last time, each said once."""
        ...


@runtime_checkable
class ShareSource(Protocol):
    """A market source whose past is told anew after a split, and that can undo it.

    A yardstick is what days closed at when a session began, by symbol and the day's begin in UTC.
    """

    def yardsticks(self) -> Mapping[str, Mapping[str, float]]:
        """Those of the opened symbols; a new session keeps them."""
        ...

    def measure_by(self, yardsticks: Mapping[str, Mapping[str, float]]) -> None:
        """Count in the shares that an earlier process of the session counted in."""
        ...


@runtime_checkable
class StreamingSource(Protocol):
    """A market source that can tell prices as they are made."""

    async def watch(self, symbols: Sequence[str]) -> None:
        """Begin to receive the prices of opened symbols, in the background."""
        ...

    async def next_price(self, timeout_s: float) -> bool:
        """Wait for the next streamed price; False where none came in time."""
        ...

    def streamed(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest streamed price stamped at or before `as_of`; None where none is fresh."""
        ...
