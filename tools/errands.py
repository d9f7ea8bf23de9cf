"""One call on its way to a tool and back: its tokens, its time, its second try, its size.

Never raises: whatever goes wrong on the way is the call's outcome.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from math import isinf
from typing import Any

from langchain_core.tools import BaseTool

from domain.errors import AccessRefused, PlangateError, Unreachable
from tools.breaker import Breaker
from tools.cache import AnswerCache, Found
from tools.flights import MAX_STRAYS_COUNT, Flight, Flights, Strays, TimeIsUp
from tools.found import REQUEST, Outcome, fits, found_of
from tools.lanes import Lanes
from tools.limits import ToolLimit
from tools.protocol import ToolComplaint, ToolRequest
from tools.rates import Rates

MAX_ATTEMPTS_COUNT = 3
"""A server that asks for a little patience again and again has had enough of it."""
MARGIN_S = 0.5
"""A call that ends with the decision's time may take this much longer to say so."""
WAITED_SHARE = 0.5
"""Of the time that a decision has left, what a wait may take: the model must still answer."""
PART_SHARE = 0.8
"""Of a call's time, what one part of its answer may take, so that the rest can still be told."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A call that may run."""

    tool: BaseTool
    arguments: dict[str, Any]
    request: ToolRequest
    limit: ToolLimit
    key: str
    """Equal for equal calls (`tools.cache`)."""
    place: str
    """What fails and rests as one, and shares tokens: the tool at its source."""
    ours: bool


class Errands:
    """Runs calls."""

    def __init__(self, cache: AnswerCache, breaker: Breaker, rates: Rates) -> None:
        self._cache = cache
        self._breaker = breaker
        self._rates = rates
        self._flights: Flights[Outcome] = Flights()
        self._strays = Strays()
        self._lanes = Lanes()

    def close(self) -> None:
        """Let go of what foreign tools run in."""
        self._lanes.close()

    def find(self, key: str) -> Flight[Outcome] | None:
        """An equal call that is on its way, from whichever decision."""
        return self._flights.find(key)

    def begin(self, errand: Errand, remaining_s: float) -> Flight[Outcome]:
        """Take a token and go, unless the tool rests.

        Raises:
            ToolComplaint: UNAVAILABLE or RATE_LIMITED, with how long.
        """
        self._awake(errand)
        name = errand.tool.name
        if self._strays.count(name) >= MAX_STRAYS_COUNT:
            text = f"{MAX_STRAYS_COUNT} earlier calls of {name} do not end; go on without it"
            raise ToolComplaint("UNAVAILABLE", text)
        self._take_token(errand)
        return self._flights.begin(errand.key, self._go(errand, remaining_s))

    def _awake(self, errand: Errand) -> None:
        rests_s = self._breaker.rests_s(errand.place)
        if rests_s is not None:
            when = f"is tried again in {rests_s:.0f} s" if rests_s else "is being tried"
            text = f"{errand.tool.name} has failed and {when}; go on without it"
            raise ToolComplaint("UNAVAILABLE", text)

    def _take_token(self, errand: Errand) -> None:
        name, per_minute_count = errand.tool.name, errand.limit.per_minute_count
        wait_s = self._rates.take(errand.place, per_minute_count)
        if wait_s is not None:
            raise ToolComplaint(
                "RATE_LIMITED",
                f"{name} may be called {per_minute_count} times a minute, next in "
                f"{max(1.0, wait_s):.0f} s; go on without it",
            )

    async def _go(self, errand: Errand, remaining_s: float) -> Outcome:
        started = _now()
        try:
            self._awake(errand)  # of several calls of one turn, one tries
            self._breaker.asked(errand.place)
            found = await self._attempts(errand, started + remaining_s)
            fits(found, errand.limit.max_bytes, errand.tool)
            self._cache.put(errand.key, found)
            return Outcome(found, latency_ms=_ms_since(started))
        except ToolComplaint as complaint:
            return Outcome(None, complaint, latency_ms=_ms_since(started))
        except asyncio.CancelledError:
            self._breaker.left(errand.place)
            raise

    async def _attempts(self, errand: Errand, deadline: float) -> Found:
        """The answer of the first attempt that has one.

        Another is made only after a wait that the server named and the decision has time for.
        """
        for attempt in range(1, MAX_ATTEMPTS_COUNT + 1):
            try:
                found = await self._attempt(errand, deadline)
            except Unreachable as error:
                wait_s = error.retry_after_s
                affordable = wait_s is not None and wait_s <= WAITED_SHARE * (deadline - _now())
                if wait_s is None or not affordable or attempt == MAX_ATTEMPTS_COUNT:
                    raise self._gone(errand, error, wait_s) from error
                await asyncio.sleep(wait_s)
                self._take_token(errand)
            else:
                self._breaker.worked(errand.place)
                return found
        raise AssertionError("the last attempt returns or raises")

    def _gone(self, errand: Errand, error: Unreachable, wait_s: float | None) -> ToolComplaint:
        """Its source did not answer, or asks for more patience than there is."""
        self._failed(errand, wait_s)
        name = errand.tool.name
        if wait_s:
            text = f"{name}: its source asks to be left alone for {wait_s:.0f} s ({error})"
            return ToolComplaint("UNAVAILABLE", f"{text}; go on without it")
        return ToolComplaint("FAILED", f"{name} failed: {error}")

    async def _attempt(self, errand: Errand, deadline: float) -> Found:
        """Run the tool once; only that its source does not answer is not yet a complaint."""
        name, cap_s = errand.tool.name, min(errand.limit.max_latency_s, deadline - _now())
        if cap_s <= 0:
            raise _no_time(name)
        try:
            result = await self._strays.within(name, self._call(errand, cap_s), cap_s)
            return found_of(result, errand.tool, errand.request)
        except Unreachable:
            raise
        except TimeIsUp as error:
            self._failed(errand)
            text = f"{name} took longer than {cap_s:.3g} s and was stopped"
            raise ToolComplaint("TIMED_OUT", text) from error
        except ToolComplaint:
            self._breaker.worked(errand.place)
            raise
        except PlangateError as error:
            if isinstance(error, AccessRefused):
                self._failed(errand)
            else:  # a datum that is missing is no fault of the tool
                self._breaker.worked(errand.place)
            raise ToolComplaint("FAILED", f"{name} failed: {error}") from error
        except Exception as error:  # a tool may be anybody's and raise anything
            self._failed(errand)
            # Its text is not passed on: it may quote a key, or speak to the model.
            raise ToolComplaint("FAILED", f"{name} failed: {type(error).__name__}") from error

    async def _call(self, errand: Errand, cap_s: float) -> Any:
        if not errand.ours:
            return await self._lanes.call(errand.tool, errand.arguments)
        request = replace(errand.request, patience_s=PART_SHARE * cap_s)
        return await errand.tool.ainvoke({**errand.arguments, REQUEST: request})

    def _failed(self, errand: Errand, asked_s: float | None = None) -> None:
        limit = errand.limit
        self._breaker.failed(errand.place, limit.max_failures_count, limit.rest_s, asked_s)


async def outcome_of(flight: Flight[Outcome], name: str, remaining_s: float) -> Outcome:
    """What a call comes to; who waits for another's goes on when the own time is up."""
    try:
        async with asyncio.timeout(
            None if isinf(remaining_s) else max(0.0, remaining_s) + MARGIN_S
        ):
            return await flight.wait()
    except TimeoutError:
        return Outcome(None, _no_time(name))


def _no_time(name: str) -> ToolComplaint:
    return ToolComplaint("TIMED_OUT", f"this decision has no time left for {name}")


def _now() -> float:
    return time.perf_counter()


def _ms_since(started: float) -> float:
    return (_now() - started) * 1000
