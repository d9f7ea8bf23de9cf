"""Waits between decisions of a live session, cut short when a price reaches a stop or a target.

What happens then is what happens anyway, only at once: deadlines are kept, the venue is followed,
an operator is told. Without a stream it is a plain wait, and everything is polled as before. While
the venue cannot be followed, whoever still tells prices is asked for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from domain.errors import MARKET_FAILURES
from domain.orders import Order
from market.protocol import MarketSource, StreamingSource, Tick

HURRY_S = 2.0
"""Between two looks while something that was touched is not filled yet."""
ASK_PATIENCE_S = 15.0
"""How long a price may take to come; a chain of exchanges passes a question on within that."""


class PriceWatch:
    """Holds streamed prices against the orders that protect what is held.

    Args:
        source: the market; one that streams nothing is only waited for.
        orders: the orders that may still fill.
        now: the session's time.
        notice: told of each order that was touched, once.
    """

    def __init__(
        self,
        source: MarketSource,
        orders: Callable[[], Sequence[Order]],
        now: Callable[[], datetime],
        notice: Callable[[str], None],
    ) -> None:
        self._source = source
        self._orders = orders
        self._now = now
        self._notice = notice
        self._touched: set[str] = set()

    async def begin(self, symbols: Sequence[str]) -> None:
        """Start the stream, where there is one."""
        if isinstance(self._source, StreamingSource):
            await self._source.watch(symbols)

    async def pause(self, seconds: float) -> None:
        """Wait, at most until a price touches a stop or a target."""
        if not isinstance(self._source, StreamingSource):
            await asyncio.sleep(seconds)
            return
        source, exits = self._source, self._exits()
        loop = asyncio.get_running_loop()
        until = loop.time() + (min(seconds, HURRY_S) if self._touched else seconds)
        while (left_s := until - loop.time()) > 0:
            if await source.next_price(left_s) and self._look(
                lambda symbol: source.streamed(symbol, self._now()), exits
            ):
                return

    async def ask(self, symbols: Sequence[str]) -> dict[str, Tick]:
        """Hold the newest prices that somebody tells against the exits; those that came."""
        ticks = await asyncio.gather(*map(self._asked, symbols))
        told = {symbol: tick for symbol, tick in zip(symbols, ticks, strict=True) if tick}
        self._look(told.get, self._exits())
        return told

    async def _asked(self, symbol: str) -> Tick | None:
        try:
            async with asyncio.timeout(ASK_PATIENCE_S):
                return await self._source.tick(symbol, self._now())
        except (*MARKET_FAILURES, TimeoutError):
            return None

    def _exits(self) -> list[Order]:
        exits = [o for o in self._orders() if o.leg in {"stop", "target"} and o.price is not None]
        self._touched &= {order.client_order_id for order in exits}
        return exits

    def _look(self, tick_of: Callable[[str], Tick | None], exits: Sequence[Order]) -> bool:
        """Whether an order was touched that had not been."""
        found = False
        for order in exits:
            tick = tick_of(order.symbol)
            if tick is None or order.client_order_id in self._touched or not _reaches(order, tick):
                continue
            self._touched.add(order.client_order_id)
            self._notice(
                f"{order.symbol}: the {order.leg} at {order.price} was touched, {tick.price} at "
                f"{tick.at:%H:%M:%S}"
            )
            found = True
        return found


def _reaches(order: Order, tick: Tick) -> bool:
    """A stop that sells lies below the price and a target that sells above it; buys the reverse."""
    if order.price is None:
        return False
    falls = (order.side == "sell") == (order.leg == "stop")
    return tick.price <= order.price if falls else tick.price >= order.price
