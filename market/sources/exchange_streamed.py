"""An exchange whose prices stream, once somebody watches.

Whoever wants a price gets a fresh streamed one, and where there is none the exchange is asked as
before. While it answers no questions, the minutes that were streamed whole stand in for its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.candles import Candles, Series, Timeframe
from domain.clock import Clock, to_ms
from domain.errors import AccessRefused, Unreachable
from domain.numbers import to_decimal
from market.protocol import Tick
from market.sources.exchange import ExchangeSource
from market.sources.exchange_stream import PriceStream

PATIENCE_S = 3.0
"""How long an exchange may take to answer what its stream can answer too."""
_MINUTE = Timeframe.M1.delta


class StreamedExchange(ExchangeSource):
    """An exchange whose newest prices come as they are made, once somebody watches."""

    def __init__(
        self,
        exchange_id: str,
        clock: Clock,
        base_url: str | None = None,
        base_timeframe: Timeframe = Timeframe.M1,
        **options: Any,
    ) -> None:
        super().__init__(exchange_id, clock, base_url, base_timeframe, **options)
        self._base_url = base_url
        self._stream: PriceStream | None = None
        self._is_silent = False
        """Minutes come from the stream."""
        self._notices: list[str] = []

    async def watch(self, symbols: Sequence[str]) -> None:
        """Begin to receive the prices of opened symbols."""
        if self._stream is None:
            names = [self.instrument(symbol).symbol for symbol in symbols]
            self._stream = PriceStream(self._client, self._base_url, names)
            self._stream.start()

    async def next_price(self, timeout_s: float) -> bool:
        """Wait for the next streamed price; False where none came in time."""
        if self._stream is None:
            await asyncio.sleep(timeout_s)
            return False
        return await self._stream.next_price(timeout_s)

    def streamed(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest streamed price; None where none is fresh."""
        if self._stream is None:
            return None
        return self._stream.newest(self.instrument(symbol).symbol, as_of)

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price: the streamed one where it is fresh, else the exchange is asked.

        While it does not answer, a minute's streamed price is better than none.
        """
        if fresh := self.streamed(symbol, as_of):
            return fresh
        try:
            return await super().tick(symbol, as_of)
        except (Unreachable, AccessRefused):
            older = self._older(symbol, as_of)
            if older is None:
                raise
            return older

    def _older(self, symbol: str, as_of: datetime) -> Tick | None:
        """A streamed price of the last minute; else where one that was streamed whole began."""
        if self._stream is None:
            return None
        name = self.instrument(symbol).symbol
        if newest := self._stream.newest(name, as_of, _MINUTE):
            return newest
        tape, since = self._stream.minutes[name], Timeframe.M1.floor(as_of)
        for begins, column in ((since - _MINUTE, "close"), (since, "open")):
            if told := tape.between(to_ms(begins), to_ms(begins + _MINUTE)):
                return Tick(to_decimal(float(getattr(told, column)[-1])), since)
        return None

    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        """The exchange's minutes; while it does not answer, those that were streamed whole.

        Of these the last may be missing for a moment, until the next trade shows that it is over.
        """
        waits = self._streamed_bars(symbol, after, until) is not None
        try:
            async with asyncio.timeout(PATIENCE_S if waits else None):
                found = await super().bars_after(symbol, after, until)
        except (Unreachable, AccessRefused, TimeoutError) as error:
            streamed = self._streamed_bars(symbol, after, until)
            if streamed is None:
                raise
            self._say_silent(error)
            return Candles.whole(streamed)
        if self._is_silent:
            self._is_silent = False
            self._notices.append(f"{self._name} answers again: orders fill on its own minutes")
        return found

    def _streamed_bars(self, symbol: str, after: datetime, until: datetime) -> Series | None:
        if self._stream is None or self._base is not Timeframe.M1:
            return None
        tape = self._stream.minutes[self.instrument(symbol).symbol]
        return tape.between(to_ms(after), to_ms(until))

    def _say_silent(self, error: BaseException) -> None:
        if self._is_silent:
            return
        self._is_silent = True
        wait_s = error.retry_after_s if isinstance(error, Unreachable) else None
        ends = (
            f" before {self._clock.now() + timedelta(seconds=wait_s):%H:%M} UTC" if wait_s else ""
        )
        self._notices.append(
            f"{self._name} does not answer{ends}: orders are filled on the minutes that it streams"
        )

    def notices(self) -> list[str]:
        """What became of the stream, and when it stands in for the exchange; each said once."""
        said, self._notices = self._notices, []
        if self._stream is not None:
            said, self._stream.notices = self._stream.notices + said, []
        return said

    async def close(self) -> None:
        """Hang up and close the connections; may be called twice."""
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        await super().close()
