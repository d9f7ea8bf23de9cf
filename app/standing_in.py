"""The model that a finished run is gone on with, by a fork or a person who steps through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.home import state_home
from app.model_file import read_model_file
from app.modelling import model_secrets, opened_models
from app.options import SessionOptions
from app.settings import load_settings
from app.spending import opened_spending, read_caps
from graph.finished import StandIn
from journal.books import Journal


def stand_in_options(
    *,
    model: str,
    base_url: str | None,
    models: Path | None,
    usd_per_decision: str | None,
    usd_per_day: str | None,
    usd_per_session: str | None,
) -> SessionOptions:
    """The command line's words for it as values.

    Raises:
        ConfigError: naming the option, its value and what was expected.
    """
    return SessionOptions(
        (),
        model=model,
        base_url=base_url,
        models=read_model_file(models),
        spending=read_caps(usd_per_decision, usd_per_day, usd_per_session),
    )


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
