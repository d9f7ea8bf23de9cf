"""One connection to a Trader Workstation or IB Gateway: opened lazily, its errors translated.

Reads only: nothing here can place an order. `ib_async` is an extra and imported when a source is
opened, not before.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.clock import require_utc
from domain.errors import AccessRefused, ConfigError, DataError, PlangateError, Unreachable

FIRST_CLIENT_ID, CLIENT_IDS_COUNT = 100, 30_000
"""Two clients of one number are refused: each process takes one of its own, above the small ones
that other programs take."""
TIMEOUT_S = 15.0
_NO_DEFINITION = 200
_HISTORICAL = 162
_REFUSED = {354, 420, 10089, 10090, 10168, 10186, 10187}
"""Data for which the account has no subscription."""
_SILENT = {504, 1100, 1300}
"""The connection, or the one behind it, is down."""
PACING_WAIT_S = 600.0
"""A request too many is forgiven after ten minutes."""
T = TypeVar("T")


class Gateway:
    """Reads contracts, bars and trades."""

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self.where = f"ib:{host}:{port}"
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._ib: Any = None
        self._lost: Any = None
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Connect, if there is no connection.

        Raises:
            ConfigError: `ib_async` is not installed.
            Unreachable: nobody answers there.
        """
        async with self._lock:
            if self._ib is not None and self._ib.isConnected():
                return
            try:
                from ib_async import IB
                from ib_async.ib import StartupFetchNONE
                from ib_async.wrapper import RequestError
            except ModuleNotFoundError as error:
                raise ConfigError(
                    "market ib needs the package ib_async; install plangate[ib]"
                ) from error
            logging.getLogger("ib_async").setLevel(logging.CRITICAL)
            self._lost, self._ib = RequestError, IB()
            self._ib.RaiseRequestErrors = True
            try:
                await self._ib.connectAsync(
                    self._host,
                    self._port,
                    clientId=FIRST_CLIENT_ID + os.getpid() % CLIENT_IDS_COUNT,
                    timeout=self._timeout_s,
                    readonly=True,
                    fetchFields=StartupFetchNONE,
                )
            except (OSError, TimeoutError) as error:
                raise Unreachable(
                    f"{self.where} did not answer ({type(error).__name__}); start TWS or IB "
                    "Gateway there and let it accept API clients"
                ) from error

    async def close(self) -> None:
        """Let go of the connection; may be called twice."""
        if self._ib is not None:
            self._ib.disconnect()
            self._ib = None

    async def now(self) -> datetime:
        """The gateway's time, in whole seconds."""
        await self.open()
        told: datetime | None = await self._asked(self._ib.reqCurrentTimeAsync(), "time")
        if told is None:
            raise Unreachable(f"{self.where} did not tell its time")
        return require_utc(told)

    async def listings(self, base: str, currency: str) -> list[Any]:
        """Contract details of a stock by its letters; every currency where none is named."""
        from ib_async import Stock

        await self.open()
        contract = Stock(base, "SMART", currency)
        try:
            asked = self._ib.reqContractDetailsAsync(contract)
            return list(await self._asked(asked, f"contract {base}") or ())
        except _NoDefinition:
            return []

    async def bars(
        self, contract: Any, end: datetime, days: int, size: str
    ) -> list[tuple[Any, float, float, float, float, float]]:
        """Bars of regular hours that end up to `end`, oldest first; empty where there are none.

        Trades, adjusted for splits and not for dividends, as the gateway gives them.
        """
        await self.open()
        asked = self._ib.reqHistoricalDataAsync(
            contract, end, _duration(days), size, "TRADES", useRTH=True, formatDate=2, timeout=0
        )
        found = await self._asked(asked, f"bars {contract.symbol} {size}") or ()
        return [(b.date, b.open, b.high, b.low, b.close, float(b.volume)) for b in found]

    async def trades(self, contract: Any, until: datetime, count: int) -> list[Any]:
        """The newest trades up to a moment, oldest first."""
        await self.open()
        asked = self._ib.reqHistoricalTicksAsync(contract, "", until, count, "TRADES", useRth=True)
        return list(await self._asked(asked, f"trades {contract.symbol}") or ())

    async def _asked(self, request: Awaitable[T], what: str) -> T | None:
        """The answer; None where the gateway says that it has no data.

        Raises:
            PlangateError: the translated error.
        """
        try:
            return await asyncio.wait_for(request, self._timeout_s)
        except TimeoutError as error:
            raise Unreachable(
                f"{self.where} did not answer {what} in {self._timeout_s:g} s"
            ) from error
        except (ConnectionError, OSError) as error:
            raise Unreachable(f"{self.where} lost the connection while asked for {what}") from error
        except self._lost as error:
            told = self._translated(error, what)
            if told is None:
                return None
            raise told from error

    def _translated(self, error: Any, what: str) -> PlangateError | None:
        said = " ".join(str(error.message).split())[:200]
        if error.code == _NO_DEFINITION:
            return _NoDefinition(f"{self.where} has no {what}")
        if error.code == _HISTORICAL and "no data" in said.lower():
            return None
        if error.code == _HISTORICAL and "pacing" in said.lower():
            return Unreachable(f"{self.where} {what}: {said}", retry_after_s=PACING_WAIT_S)
        if error.code in _REFUSED:
            return AccessRefused(f"{self.where} refused {what}: {said}")
        if error.code in _SILENT:
            return Unreachable(f"{self.where} {what}: {said}")
        return DataError(f"{self.where} {what} failed with {error.code}: {said}")


class _NoDefinition(DataError):
    """There is no such contract; an answer, not a failure."""


def _duration(days: int) -> str:
    """As the gateway wants it: more than a year is said in years."""
    return f"{days} D" if days <= timedelta(days=365).days else f"{-(-days // 365)} Y"
