"""Stocks by Interactive Brokers: bars of regular hours, last trades, contracts and their hours.

A symbol names what is traded and what it is paid in: `AAPL` becomes `AAPL/USD` once the gateway has
told the currency. Books are not offered (they need a subscription of their own); the venue is open
when the hours of every opened contract say so, in a replay too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.clock import Clock, FixedClock, require_utc, to_ms
from domain.errors import DataError, PlangateError
from domain.instrument import Instrument
from domain.numbers import to_decimal
from domain.snapshot import Funding, VenueStatus
from market.protocol import FundingStamp, MarketTrade, SourceInfo, Tick, VenueState
from market.resample import resample
from market.sources.ib_filling import StockFilling
from market.sources.ib_gateway import Gateway
from market.sources.ib_history import SIZES, StockHistory
from market.sources.ib_market import asked_for, chosen, to_instrument
from market.sources.ib_shares import FetchBars, Shares
from market.sources.recorded import tick_of
from market.store.candles import CandleShelf
from market.store.store import MarketStore

PRESENT = timedelta(minutes=2)
LONGEST_BREAK = timedelta(days=5)
"""A price is looked for that far back: a weekend with holidays on both sides."""
TRADING_SHARE = 0.19
"""Of the hours in a week a stock is traded 32.5: how much longer a window of candles reaches."""
LATEST_EXTRA = timedelta(days=10)
KEPT_AS = "ib"
"""The name in the store: every gateway tells the same."""


class IbSource:
    """Market data of one gateway."""

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        store: MarketStore | None = None,
        keep_as: str | None = None,
    ) -> None:
        self._name = f"ib:{host}:{port}"
        self._clock = clock
        self._store = store
        self._kept_as = keep_as or KEPT_AS
        self._gateway = Gateway(host, port)
        self._contracts: dict[str, Any] = {}
        self._instruments: dict[str, Instrument] = {}
        self._shares: dict[str, Shares] = {}
        self._histories: dict[tuple[str, Timeframe], StockHistory] = {}
        self._derived: dict[tuple[str, Timeframe], tuple[Series, Series]] = {}
        self._opened_at, self._opened_s = clock.now(), time.monotonic()

    @property
    def info(self) -> SourceInfo:
        """What this source is."""
        return SourceInfo(
            name=self._name,
            origin="live",
            description="stocks by Interactive Brokers, regular hours",
            offers=frozenset({"trades"}),
            base_timeframe=Timeframe.M1,
            starts_at=None,
            ends_at=None,
        )

    async def open(self, symbols: Sequence[str]) -> None:
        """Connect, and find each symbol's contract.

        Raises:
            ConfigError: `ib_async` is not installed.
            UnknownSymbol: no such stock.
            DataError: it is traded in several currencies.
            Unreachable: nobody answers.
        """
        self._opened_at, self._opened_s = await self._gateway.now(), time.monotonic()
        for symbol in symbols:
            if symbol not in self._instruments:
                found = await self._gateway.listings(*asked_for(symbol))
                details = chosen(symbol, found, self._name)
                instrument = to_instrument(details)
                for name in (symbol, instrument.symbol):
                    self._instruments[name] = instrument
                    self._contracts[name] = details.contract
                if self._store is not None:
                    self._store.see_instrument(self._kept_as, instrument, self._opened_at)
                await self._counted(instrument).count()

    async def close(self) -> None:
        """Close the connection; may be called twice."""
        await self._gateway.close()

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of an opened symbol."""
        try:
            return self._instruments[symbol]
        except KeyError:
            known = ", ".join(sorted(self._instruments)) or "none"
            raise DataError(
                f"symbol {symbol!r} is not open at {self._name}; opened: {known}"
            ) from None

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """The newest `bars` closed candles of trading hours."""
        reach = bars * timeframe.delta / (0.6 if timeframe is Timeframe.D1 else TRADING_SHARE)
        series = await self._series(symbol, timeframe, as_of - reach - LATEST_EXTRA, as_of)
        return Candles.whole(series).until(as_of).last(bars)

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The last trade; in the past, what the bars show."""
        if self._is_present(as_of):
            trades = await self.trades(symbol, as_of, 1)
            if trades:
                return Tick(trades[-1].price, trades[-1].at)
        series = await self._series(symbol, Timeframe.M1, as_of - LONGEST_BREAK, as_of)
        return tick_of(series, as_of)

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:  # noqa: ARG002 (the seam's signature)
        """None: books are not offered."""
        self.instrument(symbol)
        return None

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest trades of regular hours; empty for the past.

        The tape does not say who took: a trade above the one before it counts as bought.
        """
        name = self.instrument(symbol).symbol
        if not self._is_present(as_of):
            return ()
        told = await self._gateway.trades(self._contracts[name], as_of, limit + 1)
        count = to_decimal(await self._shares[name].count())
        found: list[MarketTrade] = []
        before = Decimal(0)
        for one in told:
            price = to_decimal(one.price) * count
            side = found[-1].aggressor if found and price == before else None
            found.append(
                MarketTrade(
                    at=require_utc(one.time),
                    price=price,
                    quantity=to_decimal(float(one.size)) / count,
                    aggressor=side or ("buy" if price >= before else "sell"),
                )
            )
            before = price
        return [trade for trade in found if trade.at <= as_of][-limit:]

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:  # noqa: ARG002 (the seam's signature)
        """None: stocks pay no funding."""
        self.instrument(symbol)
        return None

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:  # noqa: ARG002 (the seam's signature)
        """None: stocks have none."""
        self.instrument(symbol)
        return None

    async def venue(self, as_of: datetime) -> VenueState:
        """Open when every opened contract is traded then; in a replay time is its own."""
        hours = [one.hours for one in self._instruments.values() if one.hours is not None]
        opened = bool(hours) and all(one.is_open(as_of) for one in hours)
        status: VenueStatus = "open" if opened else "closed"
        if isinstance(self._clock, FixedClock):
            return VenueState(status, 0.0)
        try:
            asked_at = self._clock.now()
            there = await self._gateway.now()
            # The gateway tells whole seconds: on average it is half a second further.
            skew = asked_at - there - timedelta(seconds=0.5)
            return VenueState(status, skew.total_seconds())
        except PlangateError:
            return VenueState(status, None)

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """Base candles with open >= `after` and open + timeframe <= `until`."""
        series = await self._series(symbol, Timeframe.M1, after, until)
        return Candles.whole(series).since(after).until(until)

    async def funding_stamps(
        self,
        symbol: str,
        after: datetime,  # noqa: ARG002 (the seam's signature)
        until: datetime,  # noqa: ARG002 (the seam's signature)
    ) -> Sequence[FundingStamp]:
        """Empty: stocks pay no funding."""
        self.instrument(symbol)
        return ()

    def history(self, symbol: str, timeframe: Timeframe) -> StockFilling:
        """What puts an opened symbol's bars into the store; half hours where they are made of."""
        name = self.instrument(symbol).symbol
        native = timeframe if timeframe in SIZES else Timeframe.M30
        shelf = CandleShelf(self._store, self._kept_as, name, native) if self._store else None
        where = f"{self._name} {name} {native.value}"
        return StockFilling(native, self._bars(name, native), self._present, where, shelf)

    def payments(self, symbol: str) -> None:
        """None: stocks pay no funding."""
        self.instrument(symbol)

    def interest(self, symbol: str) -> None:
        """None: stocks have no open interest."""
        self.instrument(symbol)

    def yardsticks(self) -> Mapping[str, Mapping[str, float]]:
        """The shares that opened symbols are counted in."""
        return {name: dict(one.yardstick) for name, one in self._shares.items()}

    def measure_by(self, yardsticks: Mapping[str, Mapping[str, float]]) -> None:
        """Count in the shares that were kept, before anything is read."""
        for name, yardstick in yardsticks.items():
            self._shares[name].measure_by(yardstick)

    def notices(self) -> list[str]:
        """Splits that were seen, each said once."""
        return [said for one in self._shares.values() if (said := one.notice())]

    def _is_present(self, as_of: datetime) -> bool:
        replayed = isinstance(self._clock, FixedClock)
        return not replayed and self._clock.now() - as_of <= PRESENT

    async def _series(
        self, symbol: str, timeframe: Timeframe, first: datetime, last: datetime
    ) -> Series:
        """Candles of the symbol over the range, maybe more."""
        name = self.instrument(symbol).symbol
        native = timeframe if timeframe in SIZES else Timeframe.M30
        kept = self._histories.get((name, native))
        if kept is None:
            kept = self._histories[name, native] = self._history(name, native)
        series = await kept.covering(to_ms(first), to_ms(last))
        if native is timeframe:
            return series
        made = self._derived.get((name, timeframe))
        if made is None or made[0] is not series:
            made = self._derived[name, timeframe] = (
                series,
                resample(series, timeframe, in_sessions=True),
            )
        return made[1]

    def _history(self, name: str, native: Timeframe) -> StockHistory:
        return StockHistory(
            native,
            self._bars(name, native),
            self._shares[name],
            self._now,
            f"{self._name} {name} {native.value}",
        )

    def _counted(self, instrument: Instrument) -> Shares:
        name = instrument.symbol
        if name not in self._shares:
            bars, where = self._bars(name, Timeframe.D1), f"{self._name} {name}"
            self._shares[name] = Shares(bars, self._now, instrument.hours, where)
        return self._shares[name]

    def _bars(self, name: str, native: Timeframe) -> FetchBars:
        contract, size = self._contracts[name], SIZES[native][0]
        return lambda end, days: self._gateway.bars(contract, end, days, size)

    def _now(self) -> datetime:
        """The gateway's present: a replay's clock stands in the past of it."""
        if not isinstance(self._clock, FixedClock):
            return self._clock.now()
        return self._present()

    def _present(self) -> datetime:
        return self._opened_at + timedelta(seconds=time.monotonic() - self._opened_s)
