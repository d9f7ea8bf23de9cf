"""The shares that a session counts in: those of the day on which it began.

The gateway adjusts its whole past on the day of a split. A session remembers what some days closed
at when it began, its yardstick; a process that goes on with it asks for the same days again, and
what they were divided by since then is what every price is multiplied back by. So positions, stops
and plans stay true over a split, whether a process lived through it or was started after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from domain.candles import Timeframe
from domain.clock import from_ms, iso, to_ms
from domain.errors import DataError
from domain.trading_hours import TradingHours

YARDSTICK_DAYS = 5
"""Daily closes that are remembered: one of them may be corrected later."""
_REACH_DAYS = 14
"""So many trading days lie in that, holidays included."""
SPLIT_ABOVE = 0.02
"""Relative change that all days have in common from which it is a split: less is a correction."""
AGREEMENT = 0.002
"""What two days may differ by in that: prices are rounded after they were divided."""
LOOK_EVERY = timedelta(minutes=10)
FRESH = timedelta(seconds=15)
"""How old an answer may be for bars that nothing can be compared with."""
FetchBars = Callable[[datetime, int], Awaitable[Sequence[tuple[Any, ...]]]]
"""Rows (date, open, high, low, close, volume) that end at a moment, over so many days."""


class Shares:
    """How many of today's shares one of the session's is.

    Args:
        fetch: Daily bars of the contract.
        now: The gateway's present.
        hours: When it is traded: the look before an opening says nothing of the day.
        where: For messages.
    """

    def __init__(
        self,
        fetch: FetchBars,
        now: Callable[[], datetime],
        hours: TradingHours | None,
        where: str,
    ) -> None:
        self.yardstick: dict[str, float] = {}
        """What days closed at, in the session's shares, by the day's begin in UTC."""
        self._fetch = fetch
        self._now = now
        self._hours = hours
        self._where = where
        self._count = 1.0
        self._looked_at: datetime | None = None
        self._notice = ""
        self._lock = asyncio.Lock()

    def measure_by(self, yardstick: Mapping[str, float]) -> None:
        """Count in the shares of a session that began earlier; without a day this does nothing."""
        if yardstick:
            self.yardstick, self._looked_at = dict(yardstick), None

    async def count(self, life: timedelta = LOOK_EVERY) -> float:
        """What the gateway's prices are multiplied by, and its volumes divided; 1 until a split.

        Args:
            life: How old an answer may be.

        Raises:
            DataError: the yardstick's days have changed, and by no common factor.
        """
        async with self._lock:
            now = self._now()
            if self._is_stale(now, life):
                await self._look(now)
                self._looked_at = now
            return self._count

    def notice(self) -> str:
        """A sentence on a split that was seen, once; empty where there was none."""
        said, self._notice = self._notice, ""
        return said

    def _is_stale(self, now: datetime, life: timedelta) -> bool:
        looked = self._looked_at
        if looked is None or now - looked >= life:
            return True
        # A split comes into force while the venue is closed.
        return bool(self._hours and self._hours.is_open(now) and not self._hours.is_open(looked))

    async def _look(self, now: datetime) -> None:
        if not self.yardstick:
            closed = await self._closes(now, _REACH_DAYS, now)
            self.yardstick = dict(sorted(closed.items())[-YARDSTICK_DAYS:])
            return
        first, last = min(self.yardstick), max(self.yardstick)
        end = datetime.fromisoformat(last) + timedelta(days=1)
        told = await self._closes(end, (end - datetime.fromisoformat(first)).days, now)
        ratios = [close / told[day] for day, close in self.yardstick.items() if day in told]
        count = self._common(ratios)
        if count != self._count:
            self._notice = (
                f"{self._where} was split: one share of this session is {count:.6g} of today's; "
                "it goes on in its own shares, at prices of before"
            )
        self._count = count

    def _common(self, ratios: list[float]) -> float:
        """The factor that all days have been divided by.

        Raises:
            DataError: no day is told any more, or they differ.
        """
        if not ratios:
            raise DataError(
                f"{self._where}: the gateway tells no bar of {', '.join(self.yardstick)} any more; "
                "whether it was split since this session began cannot be said: close what is held "
                "and begin another session"
            )
        ratio = median(ratios)
        if abs(ratio - 1) < SPLIT_ABOVE:
            return 1.0
        if sum(abs(one / ratio - 1) > AGREEMENT for one in ratios) > len(ratios) // 4:
            raise DataError(
                f"{self._where}: closed days have changed by factors from {min(ratios):.4g} to "
                f"{max(ratios):.4g}; a split has one factor: check the gateway's data"
            )
        return whole_ratio(ratio)

    async def _closes(self, end: datetime, days: int, now: datetime) -> dict[str, float]:
        rows = await self._fetch(end, days)
        closed_ms = to_ms(now) - Timeframe.D1.ms
        stamped = ((stamp_ms(row[0]), float(row[4])) for row in rows)
        return {iso(from_ms(ms)): close for ms, close in stamped if ms <= closed_ms and close > 0}


def whole_ratio(ratio: float) -> float:
    """4 for 4.00002: splits are of small numbers, and prices are rounded after them.

    A factor that is near no such number, as after a part of a company was given away, stays.
    """
    larger = ratio if ratio > 1 else 1 / ratio
    simple = Fraction(larger).limit_denominator(20)
    if abs(float(simple) / larger - 1) > AGREEMENT / 10:
        return ratio
    return float(simple if ratio > 1 else 1 / simple)


def stamp_ms(stamp: date | datetime) -> int:
    """A day's bar is of the day in UTC, and so known when that day is over."""
    if isinstance(stamp, datetime):
        return to_ms(stamp)
    return (stamp - date(1970, 1, 1)).days * Timeframe.D1.ms
