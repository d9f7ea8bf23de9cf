"""What the store holds under a name, offline: as recorded as a folder of files."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import numpy as np

from domain.candles import Series, Timeframe
from domain.errors import ConfigError, DataError, UnknownSymbol
from domain.instrument import Instrument, short_names
from domain.quality import QualityFlag
from market.protocol import VenueState
from market.quality import check_series
from market.relisting import relisted
from market.sources.funding import FundingHistory, funding_history
from market.sources.recorded import RecordedMarket, RecordedSource, StampedValues
from market.store.candles import CandleShelf
from market.store.stamps import StampKind, StampShelf
from market.store.store import MarketStore, SeriesKey


class StoredSource(RecordedSource):
    """Everything that was synchronised under one name, shown only as far as each moment knew."""

    def __init__(self, store: MarketStore, name: str) -> None:
        super().__init__(
            f"store:{name}", "recorded", f"what the market store holds of {name!r}; no order book"
        )
        self._store = store
        self._source = name
        self._keys: list[SeriesKey] | None = None
        self._changes: dict[str, tuple[QualityFlag, ...]] = {}

    def load(self, symbol: str) -> RecordedMarket:
        """Read everything that is kept of one symbol."""
        keys = self._known()
        found = self._find(symbol, {key.symbol for key in keys if key.kind in set(Timeframe)})
        kinds = {key.kind for key in keys if key.symbol == found}
        given = {t: self._candles(found, t) for t in Timeframe if t.value in kinds}
        given = {timeframe: series for timeframe, series in given.items() if len(series)}
        if not given:
            raise DataError(
                f"store:{self._source} has no candle of {found!r}; fetch some: "
                f"plangate data sync {found} --market ccxt:EXCHANGE --from 2023-01-01"
            )
        base = given.pop(min(given, key=lambda timeframe: timeframe.seconds))
        interest = self._stamps(found, "open_interest")
        return RecordedMarket(
            instrument=self._instrument(found),
            base=base,
            given=given,
            funding=_funding(self._stamps(found, "funding")),
            open_interest=_values(interest) if interest else None,
        )

    async def venue(self, as_of: datetime) -> VenueState:
        """As of any recorded market, with what was changed about its instruments by then."""
        state = await super().venue(as_of)
        flags = (flag for changes in self._changes.values() for flag in changes)
        return state._replace(flags=tuple(flag for flag in flags if flag.first_at <= as_of))

    def _known(self) -> list[SeriesKey]:
        if self._keys is None:
            self._keys = self._store.listed(self._source)
        if not self._keys:
            names = ", ".join(self._store.sources()) or "nothing yet"
            raise ConfigError(
                f"the market store holds nothing under {self._source!r}; it knows: {names}. "
                "Fill it with: plangate data sync"
            )
        return self._keys

    def _find(self, symbol: str, known: set[str]) -> str:
        """As spelt, or as the only one of that pair or base.

        `BTC/USDT` is `BTC/USDT:USDT`, and `AAPL` is `AAPL/USD`.
        """
        if symbol in known:
            return symbol
        same = [name for name in known if symbol in short_names(name)]
        if len(same) != 1:
            raise UnknownSymbol(symbol, f"store:{self._source}", known)
        return same[0]

    def _candles(self, symbol: str, timeframe: Timeframe) -> Series:
        series = CandleShelf(self._store, self._source, symbol, timeframe).whole()
        if len(series):
            where = f"store:{self._source} {symbol} {timeframe}"
            check_series(series, where=where, allow_gaps=True)
        return series

    def _stamps(self, symbol: str, kind: StampKind) -> dict[int, Decimal]:
        return StampShelf(self._store, self._source, symbol, kind).whole()

    def _instrument(self, symbol: str) -> Instrument:
        """As it was last listed while it was traded: a replay is of that time."""
        known = self._store.instruments(self._source, symbol)
        if not known:
            raise DataError(
                f"store:{self._source} has candles of {symbol!r} and no word of its units; "
                "synchronise it again"
            )
        changes = (relisted(old, new, at) for (_, old), (at, new) in pairwise(known))
        self._changes[symbol] = tuple(filter(None, changes))
        return next((one for _, one in reversed(known) if one.active), known[-1][1])


def _funding(rates: dict[int, Decimal]) -> FundingHistory | None:
    return funding_history(np.array(list(rates), np.int64), list(rates.values())) if rates else None


def _values(values: dict[int, Decimal]) -> StampedValues:
    numbers = np.array([float(value) for value in values.values()])
    return StampedValues(np.array(list(values), np.int64), numbers)
