"""Decisions found by words, as a document; and the index that finds them, made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.home import database_place
from domain.clock import from_ms, iso
from domain.errors import StateError
from traces.chosen import Chosen
from traces.index import query_place
from traces.place import Place
from traces.question import read_question
from traces.search import search

if TYPE_CHECKING:
    from traces.words import Progress


def searched(words: str, chosen: Chosen, limit: int) -> dict[str, Any]:
    """The newest decisions in which these words stand.

    Raises:
        ConfigError: nothing of it can be looked for.
        StateError: the database cannot be read.
    """
    found = search(indexed_place(), read_question(words), chosen, limit=limit)
    rows = [row._asdict() | {"as_of": iso(from_ms(row.as_of_ms))} for row in found]
    return {"schema": "plangate.traces.search/1", "words": words, "found": rows}


def indexed_place() -> Place:
    """The database; what an older plangate left without an index is upgraded first.

    Raises:
        StateError: it cannot be.
    """
    place = database_place()
    try:
        query_place(place, "SELECT id FROM trace_prose LIMIT 1", [])
    except StateError:
        from traces.database import Database
        from traces.tables import METADATA

        Database.open(place, METADATA).close()
    return place


def rebuilt(progress: Progress) -> dict[str, Any]:
    """Make the index anew, in one transaction.

    Raises:
        StateError: a session is being run on this machine.
    """
    from app.trace_pruning import nobody_records
    from traces.database import Database
    from traces.tables import METADATA
    from traces.words import rebuild

    database = Database.open(database_place(), METADATA)
    try:
        with nobody_records(database), database.begin() as connection:
            count = rebuild(connection, progress)
    finally:
        database.close()
    return {"schema": "plangate.traces.search_index/1", "runs_count": count}
