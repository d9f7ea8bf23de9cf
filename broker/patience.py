"""Asks a venue that was silenced on purpose again, at once: every act of ours may be repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from broker.chance import Silenced
from domain.errors import Unreachable

_T = TypeVar("_T")
TRIES_COUNT = 300
"""A venue that is silent so often in a row answers nobody; each try makes some way."""


async def patiently(act: Callable[[], Awaitable[_T]]) -> _T:
    """Carry an act out, as often as injected faults break it off.

    Raises:
        Unreachable: it never came to its end, or what is out of reach is no fault of ours.
    """
    for _ in range(TRIES_COUNT):
        try:
            return await act()
        except Silenced as error:
            last = error
    raise Unreachable(f"tried {TRIES_COUNT} times, always in vain: {last}")
