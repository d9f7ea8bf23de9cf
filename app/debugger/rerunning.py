"""What `plangate step --run` does: a finished decision from its trace, with a person in it."""

from __future__ import annotations

from contextlib import closing

from app.debugger.protocol import Screen
from app.debugger.stepper import Leave, Stepper
from app.home import database_place
from app.options import SessionOptions
from app.standing_in import stand_in_for
from app.trace_reader import run_named
from graph.rerun import Rerun, Retelling, own_thread, unkept
from journal.books import Journal
from traces.database import Database
from traces.tables import METADATA


async def step_again(
    prefix: str, session: str | None, screen: Screen, asked: SessionOptions | None = None
) -> None:
    """Step through one finished run until the person has seen enough of it.

    Args:
        prefix: The beginning of the run's id.
        session: None: whichever has a run of that id.
        screen: What the person sees.
        asked: Which model is asked what nobody was asked then; None: none.

    Raises:
        StateError: no such run, or its trace lacks what it takes.
        ConfigError: no such model, or no key for it.
    """
    place = database_place()
    row = run_named(place, prefix, session)
    with closing(Database.open(place, METADATA)) as database:
        async with stand_in_for(asked, Journal(database, row.session)) as stand_in:
            rerun = Rerun(database, row.session, row.run_id, screen.notice, stand_in)
            debugger = Retelling(
                rerun.context,
                unkept(),
                mode="finished",
                reads_for=rerun.reads_for(lambda: debugger),
            )
            started = rerun.tape.started
            await debugger.start(started.symbol, started.as_of, own_thread(row.run_id))
            try:
                screen.ended(await Stepper(debugger, screen).decide())
            except Leave:
                screen.goodbye(row.session)
