"""The market store of the one database, for commands that have no session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import journal.paper_tables
import journal.plan_tables  # a new database is made at once from all definitions
import journal.spending_tables  # noqa: F401  # likewise
from app.home import database_place
from market.store.store import MarketStore
from traces.database import Database
from traces.tables import METADATA


@contextmanager
def market_store() -> Iterator[MarketStore]:
    """The store, closed at the end.

    Raises:
        StateError: the database cannot be opened.
    """
    database = Database.open(database_place(), METADATA)
    try:
        yield MarketStore(database)
    finally:
        database.close()
