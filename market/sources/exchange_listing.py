"""Whether an exchange still lists what was opened, and with the same steps and limits.

A tick that became finer or a symbol that went away in the middle of a session changes what an order
must look like. The list is read again once an hour; what changed is taken over and flagged, and a
symbol that is listed no more counts as not traded, so that the gate denies entries.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.errors import PlangateError
from domain.instrument import Instrument
from domain.quality import QualityFlag
from market.relisting import relisted
from market.sources.exchange_client import ExchangeClient

READ_EVERY_S = 3600.0
Remake = Callable[[Mapping[str, Any]], Awaitable[Instrument]]
"""From ccxt's market to our instrument."""


class ListingWatch:
    """The listing of the opened symbols, and what has changed in it since.

    Args:
        client: The exchange.
        remake: What makes an instrument of a market that changed.
        see: Told of each that has changed, and when.
    """

    def __init__(
        self,
        client: ExchangeClient,
        remake: Remake,
        see: Callable[[Instrument, datetime], None],
    ) -> None:
        self._client = client
        self._remake = remake
        self._see = see
        self.every_s = READ_EVERY_S
        """How often the list is read."""
        self._read_at_s: float | None = None
        self._flags: tuple[QualityFlag, ...] = ()

    async def renew(
        self, instruments: MutableMapping[str, Instrument], at: datetime
    ) -> tuple[QualityFlag, ...]:
        """Take over what the exchange changed; all changes since the symbols were opened.

        An exchange that does not answer has changed nothing that we know of: the venue's own state
        says that it is not there.
        """
        now_s = time.monotonic()
        if self._read_at_s is None:  # the list was read when the symbols were opened
            self._read_at_s = now_s
        if now_s - self._read_at_s < self.every_s:
            return self._flags
        self._read_at_s = now_s
        try:
            await self._client.call("load_markets", True)
            renewed = {name: await self._now(known) for name, known in instruments.items()}
        except PlangateError:
            return self._flags
        for name, found in renewed.items():
            flag = relisted(instruments[name], found, at)
            if flag is not None:
                instruments[name] = found
                self._see(found, at)
                self._flags += (flag,)
        return self._flags

    async def _now(self, known: Instrument) -> Instrument:
        market = self._client.api.markets.get(known.symbol)
        return replace(known, active=False) if market is None else await self._remake(market)
