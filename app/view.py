"""Who is told how a session goes on: a screen, or what stands before one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from app.wire import Wired


class View(Protocol):
    """Shows how a session goes on."""

    def begin(self, wired: Wired, slots: int | None) -> None:
        """The session is open; `slots` is how many decisions it will take, None if unknown."""
        ...

    def decided(self, slot: datetime, final: dict[str, Any]) -> None:
        """One decision was made."""
        ...

    def trouble(self, words: str) -> None:
        """Something went wrong that will be tried again."""
        ...

    def notice(self, words: str) -> None:
        """Something a person should know of, such as that nothing is opened any more."""
        ...
