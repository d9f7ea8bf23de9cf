"""The model that a finished run is gone on with, by a fork or a person who steps through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.home import state_home
from app.modelling import model_secrets, opened_models
from app.options import SessionOptions
from app.settings import load_settings
from app.spending import opened_spending
from graph.finished import StandIn
from journal.books import Journal


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
