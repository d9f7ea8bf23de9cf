"""The line mode of `plangate step`: for pipes, scripts, and terminals that can do no more."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from app.cli.output import out
from app.debugger.commands import ARMS
from app.debugger.editor import edited_text, editor_command
from app.debugger.line_input import LineInput
from app.debugger.pages import verdict_brief
from domain.errors import ConfigError
from graph.build import NODES
from traces.view_words import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app.debugger.protocol import Stepped


class LineScreen:
    """Reads one line, prints one answer."""

    def __init__(self) -> None:
        self._input = LineInput()

    async def ask(self, stepper: Stepped) -> list[str]:
        """The next command as words; Enter is `n`, end of input is `q`."""
        node = stepper.debugger.stop.node or "end"
        out().print(f"{node}> ", end="", markup=False)
        line = await self._input.line()
        if line is None:
            return ["q"]
        return line.split() or ["n"]

    def where(self, stepper: Stepped) -> None:
        """The graph as a line, with the place marked, and what is new there."""
        from rich.text import Text

        debugger, console = stepper.debugger, out()
        stop = debugger.stop
        console.print()
        head = Text(visible(f"{stop.state['symbol']} {stop.state['as_of']}  "), style="bold")
        head.append(f"stopped before {stop.node}" if stop.node else "at the end")
        head.append(f" ({stepper.stopped_at})" if stepper.stopped_at else "")
        if len(debugger.branches) > 1:
            head.append(visible(f"  branch {debugger.branch.name}"))
        console.print(head)
        console.print(ARMS[debugger.mode], style="red" if debugger.armed else "dim")
        line = Text()
        for name in NODES:
            line.append(f" {name} ", style="bold reverse" if name == stop.node else "")
        console.print(line)
        if trail := debugger.trail:
            console.print("so far: " + " → ".join(trail), style="dim")
        self._brief(stepper)

    @staticmethod
    def _brief(stepper: Stepped) -> None:
        debugger = stepper.debugger
        state, verdict = debugger.stop.state, debugger.verdict()
        if debugger.stop.came_from == "review" and verdict is not None:
            out().print(verdict_brief(verdict))
        elif state.get("draft"):
            out().print(visible("draft: " + json.dumps(state["draft"])), markup=False)
        if outcome := state.get("outcome"):
            words = f"outcome: {outcome} {' '.join(state['codes'])} {state['reason']}"
            out().print(visible(words[:400]), markup=False)

    @staticmethod
    def running(node: str | None) -> None:
        """Lines say nothing of it: what follows says it."""

    @staticmethod
    def show(page: str, content: RenderableType) -> None:  # noqa: ARG004  # a screen has tabs
        """Something to look at."""
        out().print(content, markup=False)

    async def edit(self, path: str, text: str, complaint: str | None) -> str | None:
        """In `$EDITOR`; again where a person wants to after a complaint."""
        if complaint is not None:
            self.complain(complaint)
            out().print("edit again? [Y/n] ", end="", markup=False)
            answer = await self._input.line()
            if answer is None or answer.strip().lower().startswith("n"):
                return None
        command = editor_command()
        if not command:
            raise ConfigError(
                f"no $EDITOR is set; name one, or say the value on the line: e {path} VALUE"
            )
        return await asyncio.to_thread(edited_text, command, path, text)

    @staticmethod
    def complain(words: str) -> None:
        """A command that could not be done."""
        out().print(visible(f"cannot: {words}"), style="red", markup=False)

    @staticmethod
    def notice(words: str) -> None:
        """Something a person should know of."""
        out().print(visible(words), style="yellow", markup=False)

    @staticmethod
    def ended(final: dict[str, Any]) -> None:
        """One decision is over."""
        out().print(f"decision ended: {final['outcome']}", style="bold", markup=False)

    @staticmethod
    def goodbye(session: str) -> None:
        """The person leaves."""
        out().print(f"left session {session}; what had ended is kept", markup=False)
