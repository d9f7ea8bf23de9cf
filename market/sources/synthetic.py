"""A made-up market that says so: seeded, several symbols that move together, with regimes.

For trying things that the recorded data lacks: an order book, public trades, funding, many symbols.
Nothing measured on it says anything about a real market. The same seed and symbol give the same
history on every machine, and data up to a moment does not depend on how long the history is, so
that a look-ahead would show.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from domain.book import OrderBook
from domain.errors import UnknownSymbol
from domain.instrument import Instrument
from market.protocol import MarketTrade, Offer
from market.sources.recorded import RecordedMarket, RecordedSource
from market.sources.synthetic_book import make_book, make_trades
from market.sources.synthetic_history import candles_of, first_price, funding_of, make_paths, scale

STARTS_AT = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 400
DEFAULT_SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
_SYMBOL = re.compile(r"[A-Z0-9]{1,12}/[A-Z0-9]{2,6}")


class SyntheticSource(RecordedSource):
    """Any `BASE/QUOTE` asked for, as a perpetual with five-minute candles from January 2024."""

    def __init__(self, seed: int = 7, *, starts_at: datetime = STARTS_AT, days: int = DAYS) -> None:
        super().__init__(
            f"synthetic:{seed}",
            "synthetic",
            f"made-up perpetuals, seed {seed}, {days} days of 5m candles from {starts_at:%Y-%m-%d}",
        )
        self._seed = seed
        self._starts_at = starts_at
        self._days = days

    def offers(self) -> frozenset[Offer]:
        """Everything but open interest."""
        return frozenset({"order_book", "trades", "funding"})

    def load(self, symbol: str) -> RecordedMarket:
        """Make the history of one symbol; another symbol's is not changed by it."""
        if not _SYMBOL.fullmatch(symbol):
            raise UnknownSymbol(symbol, "synthetic (any BASE/QUOTE in capitals)", DEFAULT_SYMBOLS)
        instrument = _instrument(symbol)
        paths = make_paths(
            self._seed, symbol_key(symbol), instrument.base, self._starts_at, self._days
        )
        return RecordedMarket(
            instrument=instrument,
            base=candles_of(paths, instrument),
            funding=funding_of(paths),
        )

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        """Twenty levels a side around the newest price; the same at every call for a moment."""
        tick = await self.tick(symbol, as_of)
        if tick is None:
            return None
        instrument = self.instrument(symbol)
        return make_book(self._seed, symbol_key(instrument.symbol), instrument, tick.price, as_of)

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        """The newest `limit` trades at or before `as_of`, oldest first."""
        market = self.market(symbol)
        return make_trades(
            self._seed,
            symbol_key(market.instrument.symbol),
            market.instrument,
            market.base,
            as_of,
            limit,
        )


def symbol_key(symbol: str) -> int:
    """A number for the symbol that is the same in every process, which `hash` is not."""
    return zlib.crc32(symbol.encode())


def _instrument(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    magnitude = scale(first_price(symbol_key(symbol), base))
    step = Decimal(1).scaleb(min(0, 1 - magnitude))
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        kind="perpetual",
        price_tick=Decimal(1).scaleb(magnitude - 5),
        quantity_step=step,
        min_quantity=step,
        min_notional=Decimal(5),
        taker_fee_fraction=Decimal("0.0005"),
    )
