"""Prices as they are made, by ccxt.pro, to watch what is held between two decisions.

A stream that breaks, or is silent for a minute, is built anew after a pause; both ends of an
interruption are told once.
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

from domain.clock import from_ms, to_ms
from domain.numbers import to_decimal
from market.protocol import Tick
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_market import contract_size
from market.sources.exchange_minutes import MinuteTape

FRESH = timedelta(seconds=5)
"""A streamed price that is older is not taken for the newest one."""
SILENCE_S = 60.0
"""Without a trade for so long the stream is built anew: it may have died without a word."""
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Before each new attempt; the last one from then on."""
_MOST_AT_ONCE = 1_000
"""Trades that ccxt keeps: of so many at once some may be lost."""
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
        self.minutes = {symbol: MinuteTape() for symbol in symbols}
        """By ccxt's names."""
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

    def newest(self, symbol: str, as_of: datetime, within: timedelta = FRESH) -> Tick | None:
        """The newest price stamped at or before `as_of`; None where none is fresh."""
        ticks = self._ticks.get(symbol)
        if not ticks:
            return None
        row = bisect_right(ticks, as_of, key=lambda tick: tick.at) - 1
        return ticks[row] if row >= 0 and as_of - ticks[row].at <= within else None

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
                for tape in self.minutes.values():
                    tape.interrupt()
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
        lines: dict[str, Any] = {}
        while True:
            async with asyncio.timeout(self._silence_s):
                trades = await api.watch_trades(symbol)
            # ccxt takes a line that broke between two questions up again without a word.
            if api.clients != lines or len(trades) >= _MOST_AT_ONCE:
                lines = dict(api.clients)
                self.minutes[symbol].interrupt()
                trades = trades[-1:]  # some exchanges begin with what was traded before
            self._take(symbol, trades)
            self._news.set()
            self._attempt = 0
            if self._is_broken:
                self._is_broken = False
                self.notices.append(f"prices of {self._name} stream again")

    def _take(self, symbol: str, trades: Sequence[Mapping[str, Any]]) -> None:
        kept, tape = self._ticks[symbol], self.minutes[symbol]
        size = float(contract_size(self._client.api.markets.get(symbol, {})))
        for trade in trades:
            tick = _tick(trade)
            if tick is None:
                continue
            tape.add(to_ms(tick.at), float(tick.price), float(trade.get("amount") or 0) * size)
            if not kept or kept[-1].at <= tick.at:
                kept.append(tick)

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
