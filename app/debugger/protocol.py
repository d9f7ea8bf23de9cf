"""What shows a run to a person and takes the commands: a screen, or lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType

    from graph.breakpoints import Breakpoints
    from graph.debugger import Debugger


class Stepped(Protocol):
    """The run that is stepped through, as a screen sees it."""

    debugger: Debugger
    breakpoints: Breakpoints
    stopped_at: str | None
    """The breakpoint that the run stands at."""

    def cancel(self) -> bool:
        """Break off what is being run; whether there was anything."""
        ...


class Screen(Protocol):
    """What a person sees and types."""

    async def ask(self, stepper: Stepped) -> list[str]:
        """The next command."""
        ...

    def where(self, stepper: Stepped) -> None:
        """Show where the run stands."""
        ...

    def running(self, node: str | None) -> None:
        """A node is being run; None: it has ended."""
        ...

    def show(self, page: str, content: RenderableType) -> None:
        """Something to look at."""
        ...

    async def edit(self, path: str, text: str, complaint: str | None) -> str | None:
        """Let a person change a text; None keeps what is there.

        Args:
            path: What the text is of.
            text: As it is, or as it was left when it could not be taken.
            complaint: Why it could not be taken.
        """
        ...

    def complain(self, words: str) -> None:
        """A command that could not be done."""
        ...

    def notice(self, words: str) -> None:
        """Something a person should know of."""
        ...

    def ended(self, final: dict[str, Any]) -> None:
        """One decision is over."""
        ...

    def goodbye(self, session: str) -> None:
        """The person leaves."""
        ...
