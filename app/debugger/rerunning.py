"""What `plangate step --run` does: a finished decision from its trace, with a person in it."""

from __future__ import annotations

from contextlib import closing

from app.debugger.protocol import Screen
from app.debugger.stepper import Leave, Stepper
from app.home import database_place
from app.options import SessionOptions
from app.standing_in import stand_in_for
from app.trace_reader import run_named
from graph.finished import FinishedRun
from graph.rerun import Retelling
from graph.stage import Stage
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
            run = FinishedRun(Stage(database, row.session), row.run_id, stand_in)
            debugger = Retelling(run, screen.notice)
            await debugger.begin()
            try:
                screen.ended(await Stepper(debugger, screen).decide())
            except Leave:
                screen.goodbye(row.session)
