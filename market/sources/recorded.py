"""What every source with a known history shares: box, files and synthetic.

A subclass says how one symbol is loaded; everything about *when* something was known is decided
here, once. Series never change after loading, so the same object is handed out every time and the
indicators over it are computed once.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import numpy as np

from domain.book import OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.clock import from_ms, to_ms
from domain.errors import DataError
from domain.instrument import Instrument
from domain.numbers import to_decimal
from domain.snapshot import Funding, Origin
from market.protocol import (
    INTEREST_TOLD_AFTER,
    SIMULATED,
    FundingStamp,
    MarketTrade,
    Offer,
    SourceInfo,
    Tick,
    VenueState,
)
from market.resample import resample
from market.sources.funding import FundingHistory

if TYPE_CHECKING:
    from domain.candles import Floats, Stamps


@dataclass(frozen=True, slots=True)
class StampedValues:
    """Numbers that became known one by one."""

    stamps_ms: Stamps
    """When each became known, strictly increasing. Shape (n,)."""
    values: Floats

    def at(self, as_of: datetime) -> Decimal | None:
        """The newest value stamped at or before `as_of`."""
        row = int(np.searchsorted(self.stamps_ms, to_ms(as_of), side="right")) - 1
        return to_decimal(float(self.values[row])) if row >= 0 else None


@dataclass(frozen=True, slots=True)
class RecordedMarket:
    """The whole history of one instrument."""

    instrument: Instrument
    base: Series
    """Its finest candles."""
    given: dict[Timeframe, Series] = field(default_factory=dict)
    """Longer candles that came with the data; the others are derived from `base`."""
    funding: FundingHistory | None = None
    open_interest: StampedValues | None = None
    _derived: dict[Timeframe, Series] = field(default_factory=dict, init=False)

    def series(self, timeframe: Timeframe) -> Series:
        """Candles of this timeframe, the same object on every call.

        Raises:
            DataError: the timeframe is finer than the data.
        """
        if timeframe is self.base.timeframe:
            return self.base
        if timeframe in self.given:
            return self.given[timeframe]
        if timeframe not in self._derived:
            in_sessions = self.instrument.hours is not None
            self._derived[timeframe] = resample(self.base, timeframe, in_sessions=in_sessions)
        return self._derived[timeframe]


def tick_of(base: Series, as_of: datetime) -> Tick | None:
    """The newest price that candles show: a close at its close time, or a forming candle's open."""
    now_ms = to_ms(as_of)
    row = int(np.searchsorted(base.open_ms, now_ms, side="left")) - 1
    if row < 0:
        return None
    opened, closes = int(base.open_ms[row]), int(base.open_ms[row]) + base.timeframe.ms
    if closes <= now_ms:
        return Tick(to_decimal(float(base.close[row])), from_ms(closes))
    return Tick(to_decimal(float(base.open[row])), from_ms(opened))


class RecordedSource(ABC):
    """A market whose whole history is at hand, shown only as far as it was known."""

    def __init__(self, name: str, origin: Origin, description: str) -> None:
        self._name = name
        self._origin: Origin = origin
        self._description = description
        self._markets: dict[str, RecordedMarket] = {}

    @abstractmethod
    def load(self, symbol: str) -> RecordedMarket:
        """Read or make the whole history of one symbol.

        Raises:
            UnknownSymbol: naming near misses.
            DataError: the data is missing or broken.
        """

    def offers(self) -> frozenset[Offer]:
        """What the opened markets have beside candles."""
        markets = self._markets.values()
        found: set[Offer] = set()
        if any(market.funding for market in markets):
            found.add("funding")
        if any(market.open_interest for market in markets):
            found.add("open_interest")
        return frozenset(found)

    @property
    def info(self) -> SourceInfo:
        """What this source is; known after `open`."""
        bases = [market.base for market in self._opened()]
        return SourceInfo(
            name=self._name,
            origin=self._origin,
            description=self._description,
            offers=self.offers(),
            base_timeframe=max((base.timeframe for base in bases), key=lambda t: t.seconds),
            starts_at=from_ms(max(int(base.open_ms[0]) for base in bases)),
            ends_at=from_ms(min(int(base.open_ms[-1]) for base in bases)),
        )

    async def open(self, symbols: Sequence[str]) -> None:
        """Load each symbol; one that is loaded already is left alone."""
        for symbol in symbols:
            if symbol in self._markets:
                continue
            market = self.load(symbol)
            known = self._markets.setdefault(market.instrument.symbol, market)
            self._markets[symbol] = known

    async def close(self) -> None:
        """Nothing is held open, so that what was loaded may still be read."""
        return

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of an opened symbol."""
        return self.market(symbol).instrument

    def showing(self, markets: Mapping[str, RecordedMarket]) -> Self:
        """The same source over other histories, by symbol, of those that it has opened."""
        other = copy.copy(self)
        other._markets = dict(markets)
        return other

    @property
    def markets(self) -> Mapping[str, RecordedMarket]:
        """Every opened history, by each name it was opened under."""
        return self._markets

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """The newest `bars` closed candles, as a window into the whole series."""
        series = self.market(symbol).series(timeframe)
        return Candles.whole(series).until(as_of).last(bars)

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price known: a close at its close time, or the open of the forming candle.

        The open counts only once the clock has passed its open time. At the boundary itself the
        decision still sees the close before it, and its order meets the open after it.
        """
        return tick_of(self.market(symbol).base, as_of)

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:  # noqa: ARG002 (the seam's signature)
        """None: candles on record come without a book."""
        self.market(symbol)
        return None

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:  # noqa: ARG002 (the seam's signature)
        """Empty: candles on record come without trades."""
        self.market(symbol)
        return ()

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        """Funding as known then; None for spot, and before the first payment on record."""
        history = self.market(symbol).funding
        return history.as_of(as_of) if history else None

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        """The newest open interest that had been told then."""
        values = self.market(symbol).open_interest
        return values.at(as_of - INTEREST_TOLD_AFTER) if values else None

    async def venue(self, as_of: datetime) -> VenueState:
        """Open in its hours and in step: the only time here is the one that is asked about."""
        hours = [market.instrument.hours for market in self._markets.values()]
        closed = any(one is not None and not one.is_open(as_of) for one in hours)
        return VenueState("closed", 0.0) if closed else SIMULATED

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """Base candles with open >= `after` and open + timeframe <= `until`."""
        return Candles.whole(self.market(symbol).base).since(after).until(until)

    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        """Payments with `after` < at <= `until`, oldest first."""
        history = self.market(symbol).funding
        return history.between(after, until) if history else ()

    def market(self, symbol: str) -> RecordedMarket:
        """The history of an opened symbol.

        Raises:
            DataError: the symbol was not opened.
        """
        try:
            return self._markets[symbol]
        except KeyError:
            known = ", ".join(sorted(self._markets)) or "none"
            raise DataError(
                f"symbol {symbol!r} is not open at {self._name}; opened: {known}"
            ) from None

    def _opened(self) -> list[RecordedMarket]:
        if not self._markets:
            raise DataError(f"{self._name} is not open yet; open it with at least one symbol")
        return list(self._markets.values())
