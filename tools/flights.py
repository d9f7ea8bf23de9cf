"""Work that several ask for at once is done once, and work whose time is up is left behind.

Cancelling is a request: a tool may swallow it, or block its thread. Whoever waits here goes on when
the time is up, whatever the tool does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

GRACE_S = 0.1
"""How long a cancelled call is waited for: enough for one that ends as it should."""
MAX_STRAYS_COUNT = 4
"""Calls of one tool that were cancelled and go on; with so many it is not asked again."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Flight(Generic[_T]):
    """Work that is being done, for everybody who waits for it."""

    task: asyncio.Task[_T]
    waiting_count: int = 0

    async def wait(self) -> _T:
        """What it comes to. When nobody waits any more it is cancelled."""
        self.waiting_count += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting_count -= 1
            if not self.waiting_count and not self.task.done():
                self.task.cancel()
                await asyncio.wait({self.task}, timeout=2 * GRACE_S)


class Flights(Generic[_T]):
    """What is being done, by key."""

    def __init__(self) -> None:
        self._flying: dict[str, Flight[_T]] = {}

    def find(self, key: str) -> Flight[_T] | None:
        """The work of that key, if it is being done and still wanted."""
        flight = self._flying.get(key)
        return flight if flight is not None and not flight.task.cancelling() else None

    def begin(self, key: str, work: Coroutine[Any, Any, _T]) -> Flight[_T]:
        """Begin work that is not being done yet."""
        flight = self._flying[key] = Flight(asyncio.create_task(work))

        def over(_: object) -> None:
            if self._flying.get(key) is flight:
                del self._flying[key]

        flight.task.add_done_callback(over)
        return flight


class Strays:
    """Calls that did not end when they were told to, by tool."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Future[Any]]] = {}

    def count(self, name: str) -> int:
        """How many of a tool's calls go on although nobody wants them."""
        return len(self._tasks.get(name, ()))

    async def within(self, name: str, work: Awaitable[_T], cap_s: float) -> _T:
        """What `work` comes to.

        Raises:
            TimeIsUp: it takes longer than the cap.
        """
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=max(0.0, cap_s))
        except asyncio.CancelledError:
            await self._stop(name, task)
            raise
        if not done:
            await self._stop(name, task)
            raise TimeIsUp
        if task.cancelled():  # by itself: whoever waits here is not
            raise RuntimeError(f"{name} cancelled itself")
        return task.result()

    async def _stop(self, name: str, task: asyncio.Future[Any]) -> None:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=GRACE_S)
        if done:
            _look_at(task)
            return
        strays = self._tasks.setdefault(name, set())
        strays.add(task)
        task.add_done_callback(strays.discard)
        task.add_done_callback(_look_at)


class TimeIsUp(Exception):
    """The cap was reached; what a tool itself raises is never this."""


def _look_at(task: asyncio.Future[Any]) -> None:
    """Nobody wants its error any more; asyncio would complain that nobody looked."""
    with suppress(asyncio.CancelledError):
        task.exception()
