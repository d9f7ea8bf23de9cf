"""One ccxt client: opened lazily, redirected if asked, its errors translated, its reads retried.

ccxt imports a hundred exchanges at once and takes seconds, so it is imported when a source is
opened and not before. Nothing outside this module knows ccxt's error types.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from domain.clock import from_ms
from domain.errors import (
    AccessRefused,
    ConfigError,
    DataError,
    PlangateError,
    UnknownSymbol,
    Unreachable,
)

RETRY_DELAYS_S = (0.5, 1.5)
"""Waits before the second and third attempt of a read."""
_FOREIGN_ANSWER = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What ccxt's parsers raise on an answer that is not the exchange's."""


class ExchangeClient:
    """Reads from one exchange without keys; one client, so that its rate limit holds."""

    def __init__(self, exchange_id: str, base_url: str | None, timeout_s: float = 10) -> None:
        self.exchange_id = exchange_id
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._ccxt: Any = None
        self._errors: Any = None
        self._time_gap = timedelta(0)
        self._ready = False

    async def open(self) -> None:
        """Import ccxt, make the client, load the markets, ask for the exchange's time.

        Raises:
            ConfigError: ccxt knows no such exchange.
            DataError: what answers is not that exchange.
            Unreachable: no answer.
            AccessRefused: the exchange serves nobody from here.
        """
        if self._ready:
            return
        if self._ccxt is None:
            self._make()
        if not self.has("fetchOHLCV"):
            raise ConfigError(f"exchange {self.exchange_id!r} offers no candles; name another")
        await self.call("load_markets")
        if not self.api.markets:
            raise DataError(
                f"{self.exchange_id} answered with no markets; expected its list: check the "
                f"address ({self._base_url or 'its own'})"
            )
        venue_ms = await self.call("fetch_time") if self.has("fetchTime") else None
        if venue_ms:
            self._time_gap = from_ms(int(venue_ms)) - from_ms(self.api.milliseconds())
        self._ready = True

    def _make(self) -> None:
        import ccxt.async_support as ccxt

        if self.exchange_id not in ccxt.exchanges:
            near = get_close_matches(self.exchange_id, ccxt.exchanges, n=3, cutoff=0.4)
            offer = f"did you mean {' or '.join(near)}?" if near else "see ccxt's list of exchanges"
            raise ConfigError(f"unknown exchange {self.exchange_id!r}; {offer}")
        options = {"fetchCurrencies": False} if self._base_url else {}
        self._errors = ccxt
        self._ccxt = getattr(ccxt, self.exchange_id)(
            {"enableRateLimit": True, "timeout": int(self._timeout_s * 1000), "options": options}
        )
        if self._base_url:
            redirect(self._ccxt, self._base_url)

    async def close(self) -> None:
        """Close the client's connections; may be called twice."""
        if self._ccxt is not None:
            await self._ccxt.close()
            self._ccxt, self._ready = None, False

    @property
    def api(self) -> Any:
        """The ccxt exchange, for its tables (`markets`, `timeframes`), not for calls.

        Raises:
            DataError: not open.
        """
        if self._ccxt is None:
            raise DataError(f"ccxt:{self.exchange_id} is not open; open it first")
        return self._ccxt

    def has(self, method: str) -> bool:
        """Whether the exchange offers a ccxt method, by its camel-case name."""
        return bool(self.api.has.get(method))

    def now(self) -> datetime:
        """The exchange's time: its own answer at opening, and the time that has passed since.

        Not the session's clock, which a replay moves through the past: what is closed, and whether
        a question is about the present, depends on the exchange's present.
        """
        return from_ms(self.api.milliseconds()) + self._time_gap

    async def clock_lead(self, now: Callable[[], datetime]) -> timedelta:
        """A clock minus the exchange's, taken at the middle of the request's way there and back.

        The way begins when ccxt sends: its rate limiter may hold a request back longer than that.

        Raises:
            PlangateError: no answer, or one without a time.
        """
        venue_ms = await self.call("fetch_time")
        at, way_ms = now(), self.api.milliseconds() - self.api.lastRestRequestTimestamp
        if not venue_ms:
            raise DataError(f"{self.exchange_id} answered {venue_ms!r}, was expected to be a time")
        return at - timedelta(milliseconds=max(0, way_ms) / 2) - from_ms(int(venue_ms))

    async def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """One read by ccxt's snake-case method name, retried when nobody answers.

        Raises:
            PlangateError: the translated error.
        """
        for delay_s in (*RETRY_DELAYS_S, None):
            try:
                return await getattr(self.api, method)(*arguments, **named)
            except self._errors.BaseError as error:
                complaint = self._translate(error, method, arguments)
                if delay_s is None or not isinstance(complaint, Unreachable):
                    raise complaint from error
            except _FOREIGN_ANSWER as error:
                raise DataError(
                    f"{self.exchange_id} answered {method} in an unexpected shape ({error!r}); "
                    "check the address it was redirected to, or ccxt's version"
                ) from error
            await asyncio.sleep(delay_s)
        raise AssertionError("the last attempt returns or raises")

    def _translate(
        self, error: Exception, method: str, arguments: tuple[Any, ...]
    ) -> PlangateError:
        where = f"{self.exchange_id} {method}"
        said = " ".join(str(error).split())[:300]
        if isinstance(error, self._errors.BadSymbol):
            return UnknownSymbol(str(arguments[0]), self.exchange_id, self.api.symbols or ())
        refused = (self._errors.AuthenticationError, self._errors.RestrictedLocation)
        if isinstance(error, refused) or " 451 " in said:
            return AccessRefused(f"{where} was refused: {said}")
        if isinstance(error, self._errors.OperationFailed):
            return Unreachable(f"{where} got no answer: {said or type(error).__name__}")
        return DataError(f"{where} failed: {said}")


def redirect(api: Any, base_url: str) -> None:
    """Send every REST address of a ccxt exchange to another host, path kept.

    Some exchanges choose their table of errors by the address that failed, so the real address is
    put back before an error is judged.
    """
    base = base_url.rstrip("/")
    real: dict[str, str] = {}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(entry) for key, entry in value.items() if key != "ws"}
        if not isinstance(value, str):
            return value
        there = base + urlsplit(value).path
        real.setdefault(there, value)
        return there

    api.urls["api"] = moved(api.urls["api"])
    judge: Callable[..., Any] = api.handle_errors

    def judge_as_if_real(code: int, reason: str, url: str, *rest: Any) -> Any:
        starts = [there for there in real if url.startswith(there)]
        there = max(starts, key=len, default="")
        return judge(code, reason, real.get(there, "") + url[len(there) :], *rest)

    api.handle_errors = judge_as_if_real
