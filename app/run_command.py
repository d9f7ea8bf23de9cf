"""What `plangate run` does, without its screen."""

from __future__ import annotations

import asyncio
import signal
from typing import Any, NamedTuple

from app.document import run_document
from app.first_probe import require_fit_models
from app.home import state_home
from app.options import SessionOptions
from app.report import report_document
from app.session import Session
from app.settings import load_settings
from app.slots import replay_slots
from app.span_outlet import exporting
from app.trace_check import tell_of_changes
from app.view import View
from app.wire import Wired, wire_session
from domain.errors import StateError
from graph.run import Runner, open_saver


class Ran(NamedTuple):
    """What a run came to."""

    document: dict[str, Any]
    report: dict[str, Any]
    interrupted: bool


async def run_session(options: SessionOptions, view: View) -> Ran:
    """Run or continue a session.

    Raises:
        StateError: the account differs from its own fills replayed from zero.
    """
    settings, home = load_settings(), state_home()
    async with (
        wire_session(options, settings, home) as wired,
        open_saver(wired.checkpoints) as saver,
    ):
        tell_of_changes(wired.context.journal, view.notice)
        if options.probe:
            await require_fit_models(wired, home, view.notice)
        with exporting(view, wired, settings) as seen:
            session = made_session(wired, Runner(wired.context, saver), options, seen)
            interrupted = await _until_interrupted(drive(session, wired, options, seen))
        document = run_document(wired, options)
        if not document["account"]["replayed_from_fills"]["equal"]:
            raise StateError(
                f"the account of session {wired.context.journal.session!r} differs from its fills "
                "replayed from zero; do not go on with it, and report this"
            )
        return Ran(document, report_document(wired.context.journal), interrupted)


def made_session(wired: Wired, runner: Runner, options: SessionOptions, view: View) -> Session:
    """The loop over these parts."""
    return Session(
        context=wired.context,
        runner=runner,
        executor=wired.executor,
        resumed_at=wired.venue.cursor,
        unfinished=wired.venue.unfinished,
        diary=wired.diary,
        every=options.every,
        limit=options.decisions,
        progress=view.decided,
        trouble=view.trouble,
        notice=view.notice,
        faulty=options.faults is not None,
    )


async def drive(session: Session, wired: Wired, options: SessionOptions, view: View) -> None:
    """Let the session go, over its window or until it is cancelled."""
    if wired.window is None:
        view.begin(wired, options.decisions)
        await session.live()
        return
    slots = list(replay_slots(options.timeframe, options.every, *wired.window))
    whole = len(slots) * len(wired.context.symbols)
    view.begin(wired, min(whole, options.decisions or whole))
    await session.replay(slots, wired.window[1])


async def _until_interrupted(work: Any) -> bool:
    """Run `work`; True when SIGINT or SIGTERM ended it early.

    Cancelling is safe anywhere: what counts is committed in transactions, and a decision that was
    not recorded is simply made again.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return True
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return False
