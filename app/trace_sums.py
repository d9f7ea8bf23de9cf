"""What many decisions come to: `plangate traces stats`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.home import database_place
from traces.chosen import Chosen
from traces.database import Database
from traces.index import extent
from traces.stats import stats
from traces.tables import METADATA


def stats_document(chosen: Chosen, told: Callable[[int], None]) -> dict[str, Any] | None:
    """The figures of the chosen decisions; None when nothing is recorded yet.

    Args:
        chosen: Which.
        told: Is told now and then how many have gone by.
    """
    place = database_place()
    if extent(place) is None:
        return None
    database = Database.open(place, METADATA)
    try:
        return stats(database, chosen, told)
    finally:
        database.close()
