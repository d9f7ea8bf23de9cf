"""A screen without glass: it types what a test says and keeps what it was shown."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app.debugger.protocol import Stepped


class TypedScreen:
    """Types its lines one after the other, then quits; edits texts into what it is given."""

    def __init__(self, lines: Sequence[str], edits: Sequence[str | None] = ()) -> None:
        self._lines = list(lines)
        self._edits = list(edits)
        self.said: list[str] = []
        """Complaints, notices and pages, in order."""
        self.stops: list[tuple[str, str | None, str | None]] = []
        """Branch, next node and breakpoint of each stop that was shown."""

    async def ask(self, stepper: Stepped) -> list[str]:  # noqa: ARG002  # says what it was told to
        return self._lines.pop(0).split() if self._lines else ["q"]

    def where(self, stepper: Stepped) -> None:
        debugger = stepper.debugger
        self.stops.append((debugger.branch.name, debugger.stop.node, stepper.stopped_at))

    def running(self, node: str | None) -> None:
        """Nobody waits."""

    def show(self, page: str, content: RenderableType) -> None:
        told = StringIO()
        Console(file=told, width=100).print(content, markup=False)
        self.said.append(f"{page}: {told.getvalue()}")

    async def edit(self, path: str, text: str, complaint: str | None) -> str | None:
        self.said.append(f"edit {path}: {complaint or text}")
        return self._edits.pop(0)

    def complain(self, words: str) -> None:
        self.said.append(f"cannot: {words}")

    def notice(self, words: str) -> None:
        self.said.append(f"notice: {words}")

    def ended(self, final: dict[str, Any]) -> None:
        self.said.append(f"ended: {final['outcome']}")

    def goodbye(self, session: str) -> None:
        self.said.append(f"left: {session}")
