"""A person before the screen of `plangate step`, without a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import Input, Static, TabbedContent

from agent.scripted_model import Step
from app.debugger.screen import DebuggerApp
from app.debugger.stepper import Leave, Stepper
from graph.debugger import Debugger
from graph.run import open_saver
from tests.graph.room import SLOT, scripted, wired_session

if TYPE_CHECKING:
    from app.debugger.protocol import Screen


class Seat:
    """A person before the screen."""

    def __init__(self, app: DebuggerApp, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when what the one before did is done."""
        for key in keys:
            await self._pilot.press(key)
            await self.rest()

    async def rest(self) -> None:
        """Until a command is waited for, or a dialog is open."""
        await self._pilot.pause()
        while not (self.app.asking or self.app.over or len(self.app.screen_stack) > 1):
            if self.app.failure is not None:
                raise self.app.failure
            await self._pilot.pause()

    async def type(self, line: str) -> None:
        """Fill the open dialog's line, and Enter."""
        self.app.screen.query_one(Input).value = line
        await self.press("enter")
        await self.rest()

    def page(self, name: str) -> str:
        """What a pane says."""
        told = StringIO()
        content = self.app.screen_stack[0].query_one(f"#{name}", Static).content
        Console(file=told, width=100).print(content, markup=False)
        return told.getvalue()

    @property
    def tab(self) -> str:
        return self.app.screen_stack[0].query_one("#pages", TabbedContent).active


@asynccontextmanager
async def seated(
    home: Path, steps: Sequence[Step], size: tuple[int, int] = (100, 32)
) -> AsyncIterator[Seat]:
    """A person before one decision."""

    async def work(screen: Screen) -> None:
        async with wired_session(home) as wired, open_saver(home / "c.db") as saver:
            context, _ = scripted(wired, steps)
            stepper = Stepper(Debugger(context, saver), screen)
            await stepper.debugger.start("BTC/USD", SLOT)
            try:
                screen.ended(await stepper.decide())
            except Leave:
                screen.goodbye("s")

    app = DebuggerApp(work)
    async with app.run_test(size=size) as pilot:
        seat = Seat(app, pilot)
        await seat.rest()
        yield seat
        if not app.over:
            await pilot.press("ctrl+c")
        while not app.over:
            await pilot.pause()
