"""What the market does, in order: bars and funding stamps of every symbol between two moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from broker.paper.fills import PriceBar
from domain.candles import Candles
from domain.clock import from_ms
from domain.numbers import to_decimal
from market.protocol import FundingStamp, MarketSource

Key = tuple[datetime, int, str]
"""Moment, rank, symbol: the order of happenings."""


class Happening(NamedTuple):
    """A bar or a funding stamp, in its place in time."""

    at: datetime
    """Bar: its open. Stamp: to the second, since venues stamp with some milliseconds of jitter."""
    rank: int
    """Funding comes before a bar that opens at the same moment: it falls on what was held."""
    symbol: str
    stamp: FundingStamp | None
    candles: Candles | None
    row: int

    @property
    def key(self) -> Key:
        """Its place in the order."""
        return self.at, self.rank, self.symbol

    @property
    def bar(self) -> PriceBar | None:
        """The bar, read when it is needed: most are of nothing that is held or worked."""
        return None if self.candles is None else price_bar(self.candles, self.row)


async def happenings(
    source: MarketSource, symbols: Sequence[str], after: datetime, until: datetime
) -> list[Happening]:
    """Everything from `after` on whose end lies at or before `until`, in order."""
    found: list[Happening] = []
    for symbol in symbols:
        found += _bars(symbol, await source.bars_after(symbol, after, until))
        found += _stamps(symbol, await source.funding_stamps(symbol, after, until))
    return sorted(found, key=lambda happening: happening.key)


def price_bar(candles: Candles, index: int) -> PriceBar:
    """One candle of a window with its numbers as decimals."""
    return PriceBar(
        open_at=from_ms(int(candles.open_ms[index])),
        open=to_decimal(float(candles.open[index])),
        high=to_decimal(float(candles.high[index])),
        low=to_decimal(float(candles.low[index])),
        close=to_decimal(float(candles.close[index])),
        volume=to_decimal(float(candles.volume[index])),
    )


def _bars(symbol: str, candles: Candles) -> Iterator[Happening]:
    for index, open_ms in enumerate(candles.open_ms.tolist()):
        yield Happening(from_ms(open_ms), 1, symbol, None, candles, index)


def _stamps(symbol: str, stamps: Sequence[FundingStamp]) -> Iterator[Happening]:
    for stamp in stamps:
        yield Happening(stamp.at.replace(microsecond=0), 0, symbol, stamp, None, 0)
