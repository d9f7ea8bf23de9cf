"""One task for two engines: signals, brackets and the answer that an engine gives.

Every so many bars, at the close, the price is held against that of the decision before. A move of
more than 1.5 ATR is followed: market order at the next bar's open, one unit, stop 1.5 and target 3
ATR from the close. One position at a time; what is signalled while one is held is not heard. Fee:
7 bps of the value of each fill, slippage none. Stop and target lie on the half cent and prices on
the cent, so that no comparison hangs on equality.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.numbers import to_decimal
from market.sources.box import SYMBOL, BoxSource

FEE = Decimal("0.0007")
STOP_ATR, TARGET_ATR, MOVE_ATR, ATR_BARS = 1.5, 3.0, 1.5, 14

Row = tuple[float, float, float, float, float]
"""Open, high, low, close, volume."""


class Signal(NamedTuple):
    """What is wanted at the close of a bar; prices in quote."""

    side: Literal[1, -1]
    stop: float
    target: float
    limit: float | None = None
    """None for the market."""
    size: int = 1


class Trade(NamedTuple):
    """A round trip; bars are counted from 0, money is in quote."""

    entry_bar: int
    exit_bar: int
    side: int
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal

    @classmethod
    def of(cls, row: Sequence[float]) -> Trade:
        """As it is stored."""
        bars = int(row[0]), int(row[1]), int(row[2])
        return cls(*bars, to_decimal(row[3]), to_decimal(row[4]), to_decimal(row[5]))


class Case(NamedTuple):
    """Bars, and what is wanted at the close of some of them."""

    rows: Sequence[Row]
    signals: Mapping[int, Signal]
    on_close: bool = False
    """backtesting.py's `trade_on_close`; plangate has nothing of the kind."""


def shipped_bars() -> list[Row]:
    """The candles in the box, with a volume that never is too small."""
    series = BoxSource().load(SYMBOL).base
    columns = (series.open, series.high, series.low, series.close)
    return [(*row, 1e6) for row in zip(*(c.tolist() for c in columns), strict=True)]


def shipped(every: int) -> Case:
    """The task on the shipped candles, a decision at each so many bars."""
    rows = shipped_bars()
    ranges = atr(rows)
    signals = {}
    for bar in range(2 * every - 1 + ATR_BARS, len(rows), every):
        close, reach = rows[bar][3], ranges[bar]
        move = close - rows[bar - every][3]
        if abs(move) > MOVE_ATR * reach:
            side: Literal[1, -1] = 1 if move > 0 else -1
            stop = half_cent(close - side * STOP_ATR * reach)
            signals[bar] = Signal(side, stop, half_cent(close + side * TARGET_ATR * reach))
    return Case(rows, signals)


def atr(rows: Sequence[Row]) -> list[float]:
    """Average true range of Wilder over 14 bars; the first values are of no use."""
    found, value = [], 0.0
    before = rows[0][3]
    for bar, (_, high, low, close, _) in enumerate(rows):
        reach = max(high - low, abs(high - before), abs(low - before))
        weight = min(bar + 1, ATR_BARS)
        value += (reach - value) / weight
        before = close
        found.append(value)
    return found


def half_cent(price: float) -> float:
    """The half cent above the cent at or below `price`."""
    return round((math.floor(price * 100) + 0.5) / 100, 3)
