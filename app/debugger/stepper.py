"""What a person can do with a run that is stopped between two nodes, whatever shows it.

A command is a list of words, as it is typed in the line mode; keys of the screen say the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from app.debugger.commands import HELP, LONG
from app.debugger.protocol import Screen
from domain.errors import ConfigError, PlangateError
from graph.breakpoints import Breakpoints
from graph.debugger import Debugger


class Leave(Exception):
    """The person has seen enough; the decision at hand is not recorded unless it had ended."""


class Stepper:
    """Obeys a person's commands on the run at hand."""

    def __init__(self, debugger: Debugger, screen: Screen) -> None:
        self.debugger = debugger
        self.breakpoints = Breakpoints(debugger.context.desk.names)
        self.stopped_at: str | None = None
        """The breakpoint that the run stands at."""
        self._screen = screen
        self._at_work: asyncio.Task[None] | None = None
        self._acts: dict[str, Callable[[list[str]], Any]] = {
            "n": self._next, "c": self._continue, "b": self._back, "e": self._edit,
            "f": self._fork, "w": self._switch, "k": self._break, "d": self._delete,
            "s": self._state, "p": self._prompt, "t": self._tools, "v": self._verdict,
            "x": self._compare,
        }  # fmt: skip

    async def decide(self) -> dict[str, Any]:
        """Obey until the decision is over; returns its final state.

        Raises:
            Leave: the person left.
        """
        self.stopped_at = None
        self._screen.where(self)
        while True:
            words = await self._screen.ask(self)
            words = [LONG.get(words[0], words[0]), *words[1:]]
            if words[0] == "q":
                raise Leave
            if words[0] in {"n", "c"} and self.debugger.stop.node is None and self._counts():
                return dict(self.debugger.stop.state)
            await self.obey(words)

    def cancel(self) -> bool:
        """Break off what is being run; the run stays where it stood. Whether there was anything."""
        return self._at_work is not None and self._at_work.cancel()

    async def obey(self, words: list[str]) -> None:
        """Do one command; what goes wrong is said, and the run stays where it stood."""
        act = self._acts.get(words[0])
        if act is None:
            self._screen.show("help", HELP)
            return
        self._at_work = asyncio.ensure_future(act(words[1:]))
        try:
            await asyncio.wait([self._at_work])
            self._at_work.result()
        except asyncio.CancelledError:
            if not self._at_work.done():  # we ourselves are to end
                self._at_work.cancel()
                await asyncio.wait([self._at_work])
                raise
            self._complain("broken off; the run stands where it stood")
        except PlangateError as error:
            self._complain(str(error))
        except Exception as error:  # noqa: BLE001  # a node may fail on what a person has put in
            self._complain(f"the node failed: {type(error).__name__}: {error}; edit, or go back")
        finally:
            self._at_work = None
            self._screen.running(None)

    def _complain(self, words: str) -> None:
        self._screen.complain(self.debugger.context.recorder.clean(words))

    def _counts(self) -> bool:
        """Whether this branch's end is the one that the journal has; said where it is not."""
        recorded, here = self.debugger.recorded, self.debugger.branch.name
        if recorded == here or self.debugger.mode == "finished":
            return True
        self._complain(
            f"the journal has the end of branch {recorded!r}, which ended last, not of {here!r}; "
            f"w {recorded} goes there, b and n make this one count"
        )
        return False

    async def _run(self) -> None:
        """One node."""
        before = self.debugger.stop
        self._screen.running(before.node)
        await self.debugger.step()
        calls = self.debugger.calls()
        self.stopped_at = self.breakpoints.hit(self.debugger.stop, before, calls)

    async def _next(self, words: list[str]) -> None:
        _takes(words, 0)
        if self.debugger.stop.node is None:
            return
        await self._run()
        self._screen.where(self)

    async def _continue(self, words: list[str]) -> None:
        _takes(words, 0)
        try:
            while self.debugger.stop.node is not None:
                await self._run()
                if self.stopped_at is not None or self._held_back():
                    break
        finally:
            self._screen.where(self)

    def _held_back(self) -> bool:
        """Whether a commit is next that will not be made."""
        if not self.debugger.holds_back:
            return False
        self._screen.notice(
            "stopped before the commit, which is not made; n goes on without it, b goes back"
        )
        return True

    async def _back(self, words: list[str]) -> None:
        _takes(words, 0)
        await self.debugger.back()
        self._moved()

    async def _fork(self, words: list[str]) -> None:
        _takes(words, 1)
        await self.debugger.fork(words[0] if words else None)
        self._moved()

    async def _switch(self, words: list[str]) -> None:
        _takes(words, 1)
        names = list(self.debugger.branches)
        following = names[(names.index(self.debugger.branch.name) + 1) % len(names)]
        if not words and len(names) == 1:
            raise ConfigError("there is one branch; f makes another")
        self.debugger.switch(words[0] if words else following)
        self._moved()

    async def _edit(self, words: list[str]) -> None:
        if not words:
            raise ConfigError("what is to be edited? such as: e draft.targets.0.price 43000")
        path, *value = words
        if value:
            await self.debugger.edit(path, " ".join(value))
        elif not await self._edit_at_length(path):
            self._screen.notice(f"{path} is kept as it was")
            return
        self._moved()

    async def _edit_at_length(self, path: str) -> bool:
        """In an editor, again and again until it can be taken or the person gives up."""
        old = self.debugger.text_of(path)
        text, complaint = old, None
        while True:
            changed = await self._screen.edit(path, text, complaint)
            if changed is None or (complaint is None and changed.strip() == old.strip()):
                return False
            try:
                await self.debugger.edit(path, changed)
            except ConfigError as error:
                text, complaint = changed, str(error)
            else:
                return True

    def _moved(self) -> None:
        self.stopped_at = None
        self._screen.where(self)

    async def _break(self, words: list[str]) -> None:
        _takes(words, 1)
        if words:
            self.breakpoints.add(words[0])
        self._say_breakpoints()

    async def _delete(self, words: list[str]) -> None:
        _takes(words, 1)
        self.breakpoints.clear(words[0] if words else "")
        self._say_breakpoints()

    def _say_breakpoints(self) -> None:
        named = ", ".join(self.breakpoints.names) or "none (k NAME sets one)"
        self._screen.show("breakpoints", f"breakpoints: {named}")

    async def _state(self, words: list[str]) -> None:
        from app.debugger.pages import state_page

        _takes(words, 1)
        self._screen.show("state", state_page(self.debugger, *words))

    async def _prompt(self, words: list[str]) -> None:
        from app.debugger.pages import prompt_page

        _takes(words, 0)
        self._screen.show("prompt", prompt_page(self.debugger))

    async def _tools(self, words: list[str]) -> None:
        from app.debugger.pages import tools_page

        _takes(words, 0)
        self._screen.show("tools", tools_page(self.debugger))

    async def _verdict(self, words: list[str]) -> None:
        from app.debugger.pages import verdict_page

        _takes(words, 0)
        self._screen.show("verdict", verdict_page(self.debugger))

    async def _compare(self, words: list[str]) -> None:
        from app.debugger.comparison import comparison_page

        _takes(words, 0)
        self._screen.show("compare", comparison_page(self.debugger))


def _takes(words: list[str], most: int) -> None:
    if len(words) > most:
        raise ConfigError(f"{' '.join(words)!r} is more than this command takes; ? is help")
