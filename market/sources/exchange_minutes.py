"""Minutes put together from streamed trades, for when an exchange answers nothing else.

Only a minute that was seen whole counts: the line stood, without interruption, from a trade before
the minute began to a trade after it was over. An interruption spoils the minute it falls in.
"""

from __future__ import annotations

import numpy as np

from domain.candles import Series, Timeframe

_MS = Timeframe.M1.ms
KEPT_COUNT = 1440
"""A day of minutes: no exchange has asked to be left alone for longer."""


class MinuteTape:
    """The minutes of one market that were seen whole, and the one that is being made."""

    def __init__(self) -> None:
        self._rows: dict[int, list[float]] = {}
        """By the minute's beginning, ms: open, high, low, close, volume; oldest first."""
        self._first_ms: int | None = None
        """The first trade since the line was last interrupted."""
        self._newest_ms = 0

    def add(self, stamp_ms: int, price: float, quantity: float) -> None:
        """Take in a trade, in quote and in base.

        What is stamped in a minute that is over already is counted there: exchanges may send trades
        of the same moment in any order.
        """
        if self._first_ms is None:
            self._first_ms = self._newest_ms = stamp_ms
        self._newest_ms = max(self._newest_ms, stamp_ms)
        minute = stamp_ms // _MS * _MS
        if minute <= self._first_ms:
            return
        row = self._rows.setdefault(minute, [price, price, price, price, 0.0])
        row[1:4] = max(row[1], price), min(row[2], price), price
        row[4] += quantity
        while len(self._rows) > KEPT_COUNT:
            del self._rows[min(self._rows)]

    def interrupt(self) -> None:
        """Trades may have been missed from the newest one on."""
        if self._first_ms is not None:
            self._rows.pop(self._newest_ms // _MS * _MS, None)
        self._first_ms = None

    def between(self, first_ms: int, last_ms: int) -> Series | None:
        """Minutes that begin from `first_ms` on and end by `last_ms`; None where one was missed.

        The last of them are left out while no trade has shown that they are over.
        """
        asked = range(-(-first_ms // _MS) * _MS, last_ms - _MS + 1, _MS)
        told = [minute for minute in asked if minute in self._rows and self._is_over(minute)]
        if any(not self._comes(minute) for minute in asked if minute not in told):
            return None
        rows = np.array([self._rows[minute] for minute in told], np.float64).reshape(-1, 5)
        columns = (np.ascontiguousarray(rows[:, column]) for column in range(5))
        return Series(Timeframe.M1, np.array(told, np.int64), *columns)

    def _is_over(self, minute: int) -> bool:
        return minute + _MS <= self._newest_ms

    def _comes(self, minute: int) -> bool:
        """Whether it is being seen from its beginning and not over yet."""
        seen_ms = self._first_ms
        return seen_ms is not None and seen_ms < minute and not self._is_over(minute)
