"""Events as they are recorded, by any process, in a database that may not be there yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from app.home import database_place
from traces.database import Database
from traces.following import Seen, after, last_key, newest
from traces.tables import METADATA

WAIT_S = 0.5
"""Between two looks."""


def follow(count: int, session: str | None, *, on: bool) -> Iterator[Seen]:
    """The newest events, then each one that is recorded.

    Args:
        count: So many of those that are there already.
        session: Only this session's.
        on: Go on for ever; else end with what is there.
    """
    place = database_place()
    while isinstance(place, Path) and not place.exists():
        if not on:
            return
        time.sleep(WAIT_S)
    database = Database.open(place, METADATA)
    try:
        last = last_key(database)
        shown = newest(database, count, session)
        yield from shown
        last = max([last, *(seen.id for seen in shown)])
        while on:
            found = after(database, last, session)
            yield from found
            last = found[-1].id if found else last
            if not found:
                time.sleep(WAIT_S)
    finally:
        database.close()
