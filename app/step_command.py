"""What `plangate step` does: the session's own loop, with a person between the nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from app.first_probe import require_fit_models
from app.home import state_home
from app.options import SessionOptions
from app.session import Session
from app.settings import load_settings
from app.slots import replay_slots
from app.wire import wire_session
from domain.errors import ConfigError, DataError, StateError, Unreachable
from graph.context import RunContext
from graph.debugger import Debugger
from graph.run import open_saver


class Screen(Protocol):
    """What a person sees and types."""

    def where(self, debugger: Debugger) -> None:
        """Show where the run stands."""
        ...

    def ask(self, debugger: Debugger) -> list[str]:
        """The next command, as words."""
        ...

    def show(self, words: list[str], debugger: Debugger) -> None:
        """A command that only looks."""
        ...

    def complain(self, words: str) -> None:
        """A command that could not be done."""
        ...

    def notice(self, words: str) -> None:
        """Something a person should know of, such as that nothing is opened any more."""
        ...

    def ended(self, final: dict[str, Any]) -> None:
        """One decision is over."""
        ...

    def goodbye(self, session: str) -> None:
        """The person leaves."""
        ...


class Quit(Exception):
    """The person has seen enough; the decision at hand is not recorded unless it had ended."""


class SteppingRunner:
    """Decides as `graph.run.Runner` does, asking a person before each node."""

    def __init__(self, context: RunContext, debugger: Debugger, view: Screen) -> None:
        self.context = context
        self._debugger = debugger
        self._view = view

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """One decision, stepped through; returns its final state.

        Raises:
            Quit: the person left.
        """
        debugger, view = self._debugger, self._view
        await debugger.start(symbol, slot)
        view.where(debugger)
        while True:
            at_the_end = debugger.stop.node is None
            words = view.ask(debugger)
            if at_the_end and words[0] in {"n", "c"}:
                return dict(debugger.stop.state)
            try:
                await self._obey(words)
            except (ConfigError, DataError, StateError, Unreachable) as error:
                view.complain(str(error))

    async def _obey(self, words: list[str]) -> None:
        debugger, view = self._debugger, self._view
        match words:
            case ["n"]:
                await debugger.step()
            case ["c"]:
                while debugger.stop.node is not None:
                    await debugger.step()
            case ["b"]:
                await debugger.back()
            case ["e", path, *value]:
                await debugger.edit(path, " ".join(value))
            case ["q"]:
                raise Quit
            case _:
                view.show(words, debugger)
                return
        view.where(debugger)


async def step_session(options: SessionOptions, view: Screen) -> None:
    """Step through decisions until the data ends or the person leaves."""
    settings, home = load_settings(), state_home()
    async with (
        wire_session(options, settings, home) as wired,
        open_saver(wired.checkpoints) as saver,
    ):
        if options.probe:
            await require_fit_models(wired, home, view.notice)
        debugger = Debugger(wired.context, saver)
        session = Session(
            context=wired.context,
            runner=SteppingRunner(wired.context, debugger, view),
            executor=wired.executor,
            resumed_at=wired.venue.cursor,
            unfinished=wired.venue.unfinished,
            diary=wired.diary,
            every=options.every,
            limit=None,
            progress=lambda _slot, final: view.ended(final),
            trouble=view.complain,
            notice=view.notice,
        )
        try:
            if wired.window is None:
                await session.live()
            else:
                slots = replay_slots(options.timeframe, options.every, *wired.window)
                await session.replay(slots, wired.window[1])
        except Quit:
            view.goodbye(wired.context.journal.session)
