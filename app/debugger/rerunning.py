"""What `plangate step --run` does: a finished decision from its trace, with a person in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from app.debugger.protocol import Screen
from app.debugger.stepper import Leave, Stepper
from app.home import database_place, state_home
from app.modelling import model_secrets, opened_models
from app.options import SessionOptions
from app.settings import load_settings
from app.spending import opened_spending
from app.trace_reader import run_named
from graph.rerun import Rerun, Retelling, StandIn, own_thread, unkept
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


@asynccontextmanager
async def stand_in_for(
    asked: SessionOptions | None, journal: Journal
) -> AsyncIterator[StandIn | None]:
    """The model that is asked in the place of a run's own, until the block ends."""
    if asked is None:
        yield None
        return
    settings = load_settings()
    async with opened_models(asked, settings, state_home()) as models:
        spending = opened_spending(asked.spending, journal, models)
        yield StandIn(models, spending, {**settings.secrets, **model_secrets(models)})
