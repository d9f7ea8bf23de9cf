"""What one exchange has said of the past: in memory for this process, in the store for all."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from domain.candles import Series, Timeframe
from domain.instrument import Instrument
from market.resample import resample
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_funding import PaymentHistory
from market.sources.exchange_history import PAGE, CandleHistory
from market.sources.exchange_interest import PERIOD, ROWS, InterestHistory
from market.sources.exchange_market import native_timeframe
from market.store.candles import CandleShelf
from market.store.stamps import StampShelf
from market.store.store import MarketStore


class Archive:
    """Candles, funding and open interest of one exchange, by its own names of the markets."""

    def __init__(self, client: ExchangeClient, store: MarketStore | None, kept_as: str) -> None:
        self._client = client
        self._store = store
        self._kept_as = kept_as
        self._candles: dict[tuple[str, Timeframe], CandleHistory] = {}
        self._derived: dict[tuple[str, Timeframe], tuple[Series, Series]] = {}
        self._payments: dict[str, PaymentHistory] = {}
        self._interest: dict[str, InterestHistory] = {}

    def see(self, instrument: Instrument, at: datetime) -> None:
        """Keep what the exchange says of an instrument, where it is news."""
        if self._store is not None:
            self._store.see_instrument(self._kept_as, instrument, at)

    async def series(
        self, market: str, timeframe: Timeframe, first_ms: int, last_ms: int
    ) -> Series:
        """Every closed candle that opens from `first_ms` to `last_ms`, maybe more.

        The same object, until something new was learnt. A timeframe the exchange lacks is derived.
        """
        history = self.history(market, timeframe)
        series = await history.covering(first_ms, last_ms)
        if history.timeframe is timeframe:
            return series
        made = self._derived.get((market, timeframe))
        if made is None or made[0] is not series:
            made = self._derived[market, timeframe] = (series, resample(series, timeframe))
        return made[1]

    def history(self, market: str, timeframe: Timeframe) -> CandleHistory:
        """The candles that the asked ones are made from: the same, where the exchange has them."""
        offered = self._client.api.timeframes or {}
        native = native_timeframe(offered, timeframe, f"ccxt:{self._client.exchange_id}")
        if (market, native) not in self._candles:
            client, store = self._client, self._store
            self._candles[market, native] = CandleHistory(
                native,
                lambda since, rows: client.call("fetch_ohlcv", market, native.value, since, rows),
                client.now,
                f"ccxt:{client.exchange_id} {market} {native.value}",
                CandleShelf(store, self._kept_as, market, native) if store else None,
            )
        return self._candles[market, native]

    def payments(self, market: str) -> PaymentHistory:
        """The funding of a perpetual."""
        if market not in self._payments:
            client, store = self._client, self._store
            self._payments[market] = PaymentHistory(
                lambda since: client.call("fetch_funding_rate_history", market, since, PAGE),
                client.now,
                StampShelf(store, self._kept_as, market, "funding") if store else None,
            )
        return self._payments[market]

    def interest(self, market: str, size: Decimal) -> InterestHistory:
        """The open interest of a perpetual with so much base in one contract."""
        if market not in self._interest:
            client, store = self._client, self._store
            self._interest[market] = InterestHistory(
                lambda since, until: client.call(
                    *("fetch_open_interest_history", market, PERIOD.value, since, ROWS),
                    {"until": until},
                ),
                size,
                client.now,
                StampShelf(store, self._kept_as, market, "open_interest") if store else None,
            )
        return self._interest[market]


def kept_as(exchange_id: str, base_url: str | None) -> str:
    """The exchange's name in the store; another address may serve other data, and has its own."""
    return exchange_id + (f"@{urlsplit(base_url).netloc.rpartition('@')[2]}" if base_url else "")
