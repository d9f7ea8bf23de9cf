"""Any exchange of ccxt, without keys: the present, and its own history for a replay.

A question about the present is answered by ticker and book. A question about the past is answered
by candles, settled funding and open interest, as far as it was kept: what a book was then, nobody
can say any more, and None says so. Which of the two it is depends on the exchange's own time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.clock import Clock, FixedClock, from_ms, iso, to_ms
from domain.errors import ConfigError, DataError
from domain.instrument import Instrument
from domain.numbers import to_decimal
from domain.snapshot import Funding
from market.protocol import (
    SIMULATED,
    FundingStamp,
    Liquidation,
    MarketTrade,
    SourceInfo,
    Tick,
    VenueState,
)
from market.sources.exchange_archive import Archive, kept_as
from market.sources.exchange_client import RETRY_DELAYS_S, TIMEOUT_S, ExchangeClient
from market.sources.exchange_flow import liquidations, offers_of
from market.sources.exchange_funding import PaymentHistory
from market.sources.exchange_history import CandleHistory
from market.sources.exchange_interest import InterestHistory
from market.sources.exchange_listing import ListingWatch
from market.sources.exchange_market import (
    BOOK_DEPTH,
    BOOK_DEPTHS,
    contract_size,
    find_market,
    needs_price,
    positive,
    stamped,
    to_book,
    to_instrument,
    to_trades,
)
from market.sources.exchange_venue import VenueWatch
from market.sources.recorded import tick_of
from market.store.store import MarketStore

MAX_CLOCK_LEAD = timedelta(seconds=60)
"""How far the session's clock may run before the exchange's."""
_FUNDING_REACH = timedelta(days=5)
"""How far back recent funding is read: at least 12 payments of an eight-hour interval."""


class ExchangeSource:
    """Public market data of one exchange."""

    def __init__(
        self,
        exchange_id: str,
        clock: Clock,
        base_url: str | None = None,
        base_timeframe: Timeframe = Timeframe.M1,
        *,
        is_limited: bool = True,
        timeout_s: float = TIMEOUT_S,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
        store: MarketStore | None = None,
        keep_as: str | None = None,
    ) -> None:
        self._name = f"ccxt:{exchange_id}"
        self._clock = clock
        self._client = ExchangeClient(
            exchange_id, base_url, timeout_s, retry_delays_s, is_limited=is_limited
        )
        self._base = base_timeframe
        self._markets: dict[str, Mapping[str, Any]] = {}
        self._instruments: dict[str, Instrument] = {}
        self._archive = Archive(self._client, store, keep_as or kept_as(exchange_id, base_url))
        self._watch = VenueWatch(self._client, clock.now)
        self.listing = ListingWatch(self._client, self._make_instrument, self._archive.see)

    @property
    def info(self) -> SourceInfo:
        """What this source is; known after `open`."""
        return SourceInfo(
            name=self._name,
            origin="live",
            description=f"public market data of {self._client.api.name}, by ccxt",
            offers=offers_of(self._client, self._markets.values()),
            base_timeframe=self._base,
            starts_at=None,
            ends_at=None,
        )

    async def open(self, symbols: Sequence[str]) -> None:
        """Connect, compare clocks, and find each symbol's market.

        Raises:
            ConfigError: no such exchange, or this machine's clock is ahead of it.
            UnknownSymbol: naming near misses.
            Unreachable: no answer.
            AccessRefused: the exchange serves nobody from here.
        """
        await self._client.open()
        lead = self._clock.now() - self._client.now()
        if lead > MAX_CLOCK_LEAD:
            raise ConfigError(
                f"the clock is {lead.total_seconds():.0f} s ahead of {self._name}, which says "
                f"{iso(self._client.now())}; expected less than {MAX_CLOCK_LEAD.seconds} s: set it"
            )
        for symbol in symbols:
            if symbol not in self._markets:
                market = find_market(symbol, self._client.api.markets, self._name)
                self._instruments[symbol] = await self._make_instrument(market)
                self._markets[symbol] = market
                self._markets[market["symbol"]] = market
                self._archive.see(self._instruments[symbol], self._client.now())
                self._instruments[market["symbol"]] = self._instruments[symbol]

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        await self._client.close()

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of an opened symbol."""
        self._opened(symbol)
        return self._instruments[symbol]

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        """The newest `bars` closed candles; a timeframe the exchange lacks is derived."""
        last_ms = to_ms(as_of) // timeframe.ms * timeframe.ms
        series = await self._series(symbol, timeframe, last_ms - bars * timeframe.ms, to_ms(as_of))
        return Candles.whole(series).until(as_of).last(bars)

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The last price of the ticker; in the past, what the candles show."""
        if self._is_present(as_of) and self._client.has("fetchTicker"):
            ticker = await self._client.call("fetch_ticker", self._market(symbol)["symbol"])
            price = ticker.get("last") or ticker.get("close")
            what = f"last price of {symbol!r} at {self._name}"
            return Tick(positive(price, what), stamped(ticker, as_of)) if price else None
        reach = 60 * self._base.ms
        series = await self._series(
            symbol, self._base, to_ms(as_of) - reach, to_ms(as_of) + self._base.ms
        )
        return tick_of(series, as_of)

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """The book of the present; None for the past."""
        if not (self._is_present(as_of) and self._client.has("fetchOrderBook")):
            return None
        market = self._market(symbol)
        depth = BOOK_DEPTHS.get(self._client.exchange_id, BOOK_DEPTH)
        answer = await self._client.call("fetch_order_book", market["symbol"], depth)
        return to_book(answer, market, as_of, BOOK_DEPTH)

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest public trades; empty for the past."""
        if not (self._is_present(as_of) and self._client.has("fetchTrades")):
            return ()
        market = self._market(symbol)
        answers = await self._client.call("fetch_trades", market["symbol"], None, limit)
        return to_trades(answers, market, as_of)[-limit:]

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        """Settled funding as known at `as_of`; the next payment as the exchange announces it."""
        payments = self.payments(symbol)
        if payments is None:
            return None
        history = await payments.covering(to_ms(as_of - _FUNDING_REACH), to_ms(as_of))
        known = history.as_of(as_of)
        if known is None or not (self._is_present(as_of) and self._client.has("fetchFundingRate")):
            return known
        now = await self._client.call("fetch_funding_rate", self._market(symbol)["symbol"])
        due = now.get("fundingTimestamp")
        if not due or from_ms(due) <= as_of:
            return known
        payments.tell_next(int(due))
        return known.model_copy(update={"next_at": from_ms(due)})

    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        """Open contracts in base, of the past where there is a history; None for spot."""
        market = self._market(symbol)
        if not self._is_present(as_of):
            book = self.interest(symbol)
            return await book.at(as_of) if book else None
        if not (market.get("swap") and self._client.has("fetchOpenInterest")):
            return None
        answer = await self._client.call("fetch_open_interest", market["symbol"])
        amount = answer.get("openInterestAmount")
        return None if amount is None else to_decimal(amount) * contract_size(market)

    async def liquidations(self, symbol: str, as_of: datetime, limit: int) -> Sequence[Liquidation]:
        """The newest forced closes; empty for spot and for the past."""
        market = self._market(symbol)
        offered = market.get("swap") and self._client.has("fetchLiquidations")
        if not (offered and self._is_present(as_of)):
            return ()
        return await liquidations(self._client, market, as_of, limit)

    async def venue(self, as_of: datetime) -> VenueState:
        """Of the present, at most a minute old; a replay's time is its own, whatever it asks about.

        Closed, too, where the exchange lists every opened symbol as not traded.
        """
        if isinstance(self._clock, FixedClock):
            return SIMULATED
        state = await self._watch.state()
        changes = await self.listing.renew(self._instruments, as_of)
        traded = any(instrument.active for instrument in self._instruments.values())
        status = "closed" if state.status == "open" and not traded else state.status
        return VenueState(status, state.clock_skew_s, changes)

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """Base candles with open >= `after` and open + timeframe <= `until`."""
        series = await self._series(symbol, self._base, to_ms(after), to_ms(until))
        return Candles.whole(series).since(after).until(until)

    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        """Payments with `after` < at <= `until`, oldest first."""
        payments = self.payments(symbol)
        if payments is None or until <= after:
            return ()
        return await payments.between(after, until)

    def history(self, symbol: str, timeframe: Timeframe) -> CandleHistory:
        """The candles that the asked ones are made from: the same, where the exchange has them."""
        return self._archive.history(self._market(symbol)["symbol"], timeframe)

    def payments(self, symbol: str) -> PaymentHistory | None:
        """Its funding; None for spot and where `funding` is not offered."""
        market = self._market(symbol)
        offered = market.get("swap") and self._client.has("fetchFundingRateHistory")
        return self._archive.payments(market["symbol"]) if offered else None

    def interest(self, symbol: str) -> InterestHistory | None:
        """Its open interest over time; None for spot and where there is no history of it."""
        market = self._market(symbol)
        offered = market.get("swap") and self._client.has("fetchOpenInterestHistory")
        return self._archive.interest(market["symbol"], contract_size(market)) if offered else None

    def _market(self, symbol: str) -> Mapping[str, Any]:
        """As the exchange lists it now; as it did at the beginning, where it is listed no more."""
        opened = self._opened(symbol)
        found: Mapping[str, Any] = self._client.api.markets.get(opened["symbol"], opened)
        return found

    def _opened(self, symbol: str) -> Mapping[str, Any]:
        try:
            return self._markets[symbol]
        except KeyError:
            known = ", ".join(sorted(self._markets)) or "none"
            raise DataError(
                f"symbol {symbol!r} is not open at {self._name}; opened: {known}"
            ) from None

    def _is_present(self, as_of: datetime) -> bool:
        """Whether ticker and book of now answer a question about `as_of`."""
        return self._client.now() - as_of <= max(2 * self._base.delta, timedelta(minutes=2))

    async def _make_instrument(self, market: Mapping[str, Any]) -> Instrument:
        mode, price = self._client.api.precisionMode, None
        if needs_price(mode):
            last = (await self._client.call("fetch_ticker", market["symbol"])).get("last")
            price = to_decimal(last) if last else None
        return to_instrument(market, mode, price)

    async def _series(
        self, symbol: str, timeframe: Timeframe, first_ms: int, last_ms: int
    ) -> Series:
        """Candles of the symbol over the range, maybe more, fetched where not at hand."""
        unified = self._market(symbol)["symbol"]
        return await self._archive.series(unified, timeframe, first_ms, last_ms)
