"""Prices as they are made, by ccxt.pro, to watch what is held between two decisions.

A stream is a convenience: whoever wants a price asks for a fresh one, and where there is none the
exchange is asked as before. A stream that breaks, or is silent for a minute, is built anew after a
pause; both ends of an interruption are told once.
"""

from __future__ import annotations

import asyncio
import importlib
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from domain.candles import Timeframe
from domain.clock import Clock, from_ms
from domain.numbers import to_decimal
from market.protocol import Tick
from market.sources.exchange import ExchangeSource
from market.sources.exchange_client import ExchangeClient

FRESH = timedelta(seconds=5)
"""A streamed price that is older is not taken for the newest one."""
SILENCE_S = 60.0
"""Without a trade for so long the stream is built anew: it may have died without a word."""
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Before each new attempt; the last one from then on."""
_KEPT = 5_000
"""Prices kept per symbol: a decision asks about the moment at which it began."""
_BROKEN = (TimeoutError, OSError, KeyError, IndexError, TypeError, ValueError, AttributeError)
"""Beside ccxt's errors: what its parsers raise on a message that is none."""


class PriceStream:
    """The public trades of some symbols of one exchange, kept for some minutes.

    Args:
        client: the open REST client; its markets are used.
        base_url: where the exchange is found instead of its own address.
        symbols: ccxt's names.
        silence_s: how long no trade is no reason to doubt the stream.
        pauses_s: waits before each new attempt.
    """

    def __init__(
        self,
        client: ExchangeClient,
        base_url: str | None,
        symbols: Sequence[str],
        silence_s: float = SILENCE_S,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._symbols = tuple(symbols)
        self._silence_s = silence_s
        self._pauses_s = tuple(pauses_s)
        self._ticks: dict[str, deque[Tick]] = {s: deque(maxlen=_KEPT) for s in symbols}
        self._news = asyncio.Event()
        self._is_broken = False
        self._attempt = 0
        self._running: asyncio.Task[None] | None = None
        self.notices: list[str] = []

    def start(self) -> None:
        """Begin in the background."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Hang up; may be called twice."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None

    def newest(self, symbol: str, as_of: datetime) -> Tick | None:
        """The newest price stamped at or before `as_of`; None where none is fresh."""
        ticks = self._ticks.get(symbol)
        if not ticks:
            return None
        row = bisect_right(ticks, as_of, key=lambda tick: tick.at) - 1
        return ticks[row] if row >= 0 and as_of - ticks[row].at <= FRESH else None

    async def next_price(self, timeout_s: float) -> bool:
        """Wait for a price of any symbol; False where none came in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
            self._news.clear()
            return True
        return False

    async def _run(self) -> None:
        pro = await asyncio.to_thread(importlib.import_module, "ccxt.pro")
        while True:
            api = self._make(pro)
            if not api.has.get("watchTrades"):
                self.notices.append(f"{self._name} streams no trades; prices are asked for")
                await api.close()
                return
            try:
                async with asyncio.TaskGroup() as group:
                    for symbol in self._symbols:
                        group.create_task(self._follow(api, symbol))
            except* (pro.BaseError, *_BROKEN) as broken:
                self._say_broken(broken.exceptions[0])
            finally:
                with suppress(pro.BaseError, *_BROKEN):
                    await api.close()
            await asyncio.sleep(self._pauses_s[min(self._attempt, len(self._pauses_s) - 1)])
            self._attempt += 1

    def _make(self, pro: Any) -> Any:
        from market.sources.exchange_wire import redirect

        api = getattr(pro, self._client.exchange_id)({"enableRateLimit": True})
        if self._base_url:
            redirect(api, self._base_url)
            api.timeout_on_exit = 0
        api.set_markets_from_exchange(self._client.api)
        return api

    async def _follow(self, api: Any, symbol: str) -> None:
        while True:
            async with asyncio.timeout(self._silence_s):
                trades = await api.watch_trades(symbol)
            kept = self._ticks[symbol]
            for trade in trades:
                tick = _tick(trade)
                if tick is not None and (not kept or kept[-1].at <= tick.at):
                    kept.append(tick)
            self._news.set()
            self._attempt = 0
            if self._is_broken:
                self._is_broken = False
                self.notices.append(f"prices of {self._name} stream again")

    def _say_broken(self, error: BaseException) -> None:
        if self._is_broken:
            return
        self._is_broken = True
        silent = isinstance(error, TimeoutError)
        why = f"no trade in {self._silence_s:.0f} s" if silent else f"{error!r}"[:200]
        self.notices.append(f"prices of {self._name} no longer stream ({why}): they are asked for")

    @property
    def _name(self) -> str:
        return f"ccxt:{self._client.exchange_id}"


def _tick(trade: Mapping[str, Any]) -> Tick | None:
    price, stamp = trade.get("price"), trade.get("timestamp")
    return Tick(to_decimal(price), from_ms(int(stamp))) if price and stamp else None


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
        """The newest price: the streamed one where it is fresh, else the exchange is asked."""
        return self.streamed(symbol, as_of) or await super().tick(symbol, as_of)

    def notices(self) -> list[str]:
        """What became of the stream, each said once."""
        if self._stream is None:
            return []
        said, self._stream.notices = self._stream.notices, []
        return said

    async def close(self) -> None:
        """Hang up and close the connections; may be called twice."""
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        await super().close()
