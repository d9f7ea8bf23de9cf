"""What `plangate step` does: the session's own loop, with a person between the nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.debugger.protocol import Screen
from app.debugger.stepper import Leave, Stepper
from app.first_probe import require_fit_models
from app.home import state_home
from app.options import SessionOptions
from app.session import Session
from app.settings import load_settings
from app.slots import replay_slots
from app.wire import Wired, wire_session
from domain.errors import ConfigError
from domain.lifecycle import LIVE
from graph.context import RunContext
from graph.debugger import Debugger
from graph.run import open_saver


class SteppingRunner:
    """Decides as `graph.run.Runner` does, asking a person before each node."""

    def __init__(self, context: RunContext, stepper: Stepper) -> None:
        self.context = context
        self._stepper = stepper

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """One decision, stepped through; returns its final state.

        Raises:
            Leave: the person left.
        """
        await self._stepper.debugger.start(symbol, slot)
        return await self._stepper.decide()


async def step_session(options: SessionOptions, screen: Screen, *, armed: bool) -> None:
    """Step through decisions until the data ends or the person leaves.

    Raises:
        ConfigError: the session has something at work, and is not armed.
    """
    settings, home = load_settings(), state_home()
    async with (
        wire_session(options, settings, home) as wired,
        open_saver(wired.checkpoints) as saver,
    ):
        if not armed:
            _require_rest(wired)
        if options.probe:
            await require_fit_models(wired, home, screen.notice)
        stepper = Stepper(
            Debugger(wired.context, saver, mode="armed" if armed else "disarmed"), screen
        )
        session = Session(
            context=wired.context,
            runner=SteppingRunner(wired.context, stepper),
            executor=wired.executor,
            resumed_at=wired.venue.cursor,
            unfinished=wired.venue.unfinished,
            diary=wired.diary,
            every=options.every,
            limit=None,
            progress=lambda _slot, final: screen.ended(final),
            trouble=screen.complain,
            notice=screen.notice,
        )
        try:
            if wired.window is None:
                await session.live()
            else:
                slots = replay_slots(options.timeframe, options.every, *wired.window)
                await session.replay(slots, wired.window[1])
        except Leave:
            screen.goodbye(wired.context.journal.session)


def _require_rest(wired: Wired) -> None:
    """A session goes on with what it holds and has sent: without arms there must be nothing.

    Raises:
        ConfigError: there is an order or a position.
    """
    journal = wired.context.journal
    held = [s for s in wired.context.symbols if journal.position(s) is not None]
    orders = journal.orders(*LIVE)
    if held or orders:
        what = f"a position in {held[0]}" if held else f"order {orders[0].client_order_id!r}"
        raise ConfigError(
            f"session {journal.session!r} has {what}, and to go on with it is to send orders; "
            "add --armed, or step in another --session"
        )
