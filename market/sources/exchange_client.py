"""One ccxt client: opened lazily, its errors translated, its reads retried, its bans kept.

ccxt imports a hundred exchanges at once and takes seconds, so it is imported when a source is
opened and not before. Nothing outside this module knows ccxt's error types.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from domain.clock import from_ms
from domain.errors import (
    AccessRefused,
    ConfigError,
    DataError,
    PlangateError,
    UnknownSymbol,
    Unreachable,
)
from market.sources.exchange_errors import Answer, Reaction, reaction_to

RETRY_DELAYS_S = (0.5, 1.5)
"""Waits before the second and third attempt of a read."""
TIMEOUT_S = 10.0
"""How long an answer may take, body included."""
DATE_LASTS_S = 60.0
"""For so long the date of an answer says how two clocks differ."""
LARGEST_ANSWER_BYTES = 4_000_000
"""A thousand candles are 150 KB; what is longer than this is no answer to what we ask."""
LARGEST_MARKETS_BYTES = 64_000_000
"""Lists of markets are long: Binance's of spot takes more than 10 MB."""
_FOREIGN_ANSWER = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What ccxt's parsers raise on an answer that is not the exchange's."""


class ExchangeClient:
    """Reads from one exchange without keys; one client, so that its rate limit holds."""

    def __init__(
        self,
        exchange_id: str,
        base_url: str | None,
        timeout_s: float = TIMEOUT_S,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        is_limited: bool = True,
    ) -> None:
        self.exchange_id = exchange_id
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._ccxt: Any = None
        self._errors: Any = None
        self._dated: tuple[timedelta, float] | None = None
        """By how much our clock led the newest answer's date, and when, by the monotonic clock."""
        self._is_limited = is_limited
        """Whether ccxt spaces requests as the exchange's rules want them."""
        self._answer: Any = None
        self._retry_delays_s = tuple(retry_delays_s)
        self._monotonic = monotonic
        self._quiet_until_s = 0.0
        """The exchange asked to be left alone until then, by the monotonic clock."""
        self._told: tuple[datetime, float] | None = None
        """The exchange's newest word for its time, and when it came, by the monotonic clock."""
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
        if self.has("fetchTime"):
            await self._ask_time()
        self._ready = True

    def _make(self) -> None:
        import ccxt.async_support as ccxt

        from market.sources.exchange_wire import ANSWER, prepare

        if self.exchange_id not in ccxt.exchanges:
            near = get_close_matches(self.exchange_id, ccxt.exchanges, n=3, cutoff=0.4)
            offer = f"did you mean {' or '.join(near)}?" if near else "see ccxt's list of exchanges"
            raise ConfigError(f"unknown exchange {self.exchange_id!r}; {offer}")
        options = {"fetchCurrencies": False} if self._base_url else {}
        self._errors = ccxt
        self._ccxt = getattr(ccxt, self.exchange_id)(
            {
                "enableRateLimit": self._is_limited,
                "timeout": int(self._timeout_s * 1000),
                "options": options,
            }
        )
        if self._base_url:
            self._ccxt.has["fetchCurrencies"] = False
        self._answer = ANSWER
        prepare(self._ccxt, self._base_url, bad_response=ccxt.BadResponse)

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
        """The exchange's time: its own newest answer, and the time that has passed since.

        Not the session's clock, which a replay moves through the past: what is closed, and whether
        a question is about the present, depends on the exchange's. Nor this machine's clock,
        which may be set at any moment, where the exchange has a word for its time.
        """
        if self._told is None:
            return from_ms(self.api.milliseconds())
        told, at_s = self._told
        return told + timedelta(seconds=self._monotonic() - at_s)

    async def clock_lead(self, now: Callable[[], datetime]) -> timedelta:
        """A clock minus the exchange's, taken at the middle of the request's way there and back.

        The way begins when ccxt sends: its rate limiter may hold a request back longer than that.

        Raises:
            PlangateError: no answer, or one without a time.
        """
        told = await self._ask_time()
        at, way_ms = now(), self.api.milliseconds() - self.api.lastRestRequestTimestamp
        if told is None:
            raise DataError(f"{self.exchange_id} answered without a time, was expected to tell it")
        return at - timedelta(milliseconds=max(0, way_ms) / 2) - told

    async def _ask_time(self) -> datetime | None:
        """The exchange's word for its time, kept for `now`; None where it has none."""
        venue_ms = await self.call("fetch_time")
        if not venue_ms:
            return None
        self._told = from_ms(int(venue_ms)), self._monotonic()
        return self._told[0]

    def dated_lead(self) -> timedelta | None:
        """This machine's clock minus the `Date` of the newest answer; None where none is recent.

        For exchanges that do not tell their time otherwise. Off by up to half a second, and by the
        answer's way.
        """
        if self._dated is None or self._monotonic() - self._dated[1] > DATE_LASTS_S:
            return None
        return self._dated[0]

    def _note_time(self, answer: Answer) -> None:
        if answer.dated is not None:
            middle = answer.dated + timedelta(milliseconds=500)
            self._dated = (from_ms(self.api.milliseconds()) - middle, self._monotonic())

    async def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """One read by ccxt's snake-case method name, retried when nobody answers.

        Raises:
            PlangateError: the translated error.
        """
        self._require_no_ban(f"{self.exchange_id} {method}")
        largest_bytes = LARGEST_MARKETS_BYTES if method == "load_markets" else LARGEST_ANSWER_BYTES
        for delay_s in (*self._retry_delays_s, None):
            answer = Answer(largest_bytes)
            token = self._answer.set(answer)
            try:
                found = await getattr(self.api, method)(*arguments, **named)
                self._note_time(answer)
                return found
            except self._errors.BaseError as error:
                await self._retry_or_raise(error, answer, delay_s, method, arguments)
            except _FOREIGN_ANSWER as error:
                raise DataError(
                    f"{self.exchange_id} answered {method} in an unexpected shape ({error!r}); "
                    "check the address it was redirected to, or ccxt's version"
                ) from error
            finally:
                self._answer.reset(token)
        raise AssertionError("the last attempt returns or raises")

    async def _retry_or_raise(
        self, error: Exception, answer: Answer, delay_s: float | None, method: str, arguments: Any
    ) -> None:
        """Wait before the next attempt, or raise what the error means for us."""
        reaction = reaction_to(error, answer)
        asked_s = answer.retry_after_s
        if reaction == "wait" and asked_s:
            self._quiet_until_s = self._monotonic() + asked_s
        waits = delay_s is not None and (asked_s or 0) <= delay_s
        if delay_s is not None and waits and _is_tried_again(reaction, answer):
            await asyncio.sleep(delay_s)
            return
        raise self._translate(reaction, error, answer, method, arguments) from error

    def _require_no_ban(self, where: str) -> None:
        """Leave an exchange alone as long as it asked: what is sent meanwhile prolongs a ban."""
        left_s = self._quiet_until_s - self._monotonic()
        if left_s > 0:
            raise Unreachable(
                f"{where} was not sent: the exchange asked to be left alone "
                f"for {left_s:.0f} s more",
                retry_after_s=left_s,
            )

    def _translate(
        self,
        reaction: Reaction,
        error: Exception,
        answer: Answer,
        method: str,
        arguments: tuple[Any, ...],
    ) -> PlangateError:
        where = f"{self.exchange_id} {method}"
        said = " ".join(str(error).split())[:300] or type(error).__name__
        match reaction:
            case "symbol":
                asked = str(arguments[0]) if arguments else "?"
                return UnknownSymbol(asked, self.exchange_id, self.api.symbols or ())
            case "refused":
                return AccessRefused(f"{where} was refused: {said}")
            case "config":
                return ConfigError(f"{where} cannot get through: {said}; set or unset the proxy")
            case "wait":
                after = answer.retry_after_s
                when = "later" if after is None else f"after {after:.0f} s"
                return Unreachable(
                    f"{where} was turned away, we ask too often: {said}; ask again {when}",
                    retry_after_s=after,
                )
            case "retry":
                return Unreachable(
                    f"{where} got no answer: {said}"
                    + ("; check the address it was redirected to" if self._base_url else ""),
                    retry_after_s=answer.retry_after_s,
                )
        if answer.is_oversized:
            return DataError(
                f"{where} answered with more than {answer.largest_bytes} bytes, which were not "
                "read; expected less: what answers may not be that exchange"
            )
        return DataError(f"{where} failed: {said}")


def _is_tried_again(reaction: Reaction, answer: Answer) -> bool:
    """A firewall that turned us away is not knocked at again."""
    return reaction == "retry" or (reaction == "wait" and answer.status not in (403, 418))
