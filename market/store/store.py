"""The store by name: which series there are, what was asked of each, what changed, instruments.

Writing is one short transaction a page, rows and coverage together: a process that dies between two
pages has lost nothing, and one that dies in the middle of a page has kept nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Connection, select, text

from domain.clock import to_ms
from domain.errors import StateError
from domain.instrument import Instrument
from market.store.ranges import Stretch, joined
from market.store.tables import COVERAGE, INSTRUMENTS, REVISIONS, SERIES
from traces.bulk import add_rows
from traces.database import Database
from traces.upsert import keep, keep_all

# What every page asks for is written out: building it anew costs more than running it.
_NUMBER = text(
    "SELECT id FROM market_series WHERE source = :source AND symbol = :symbol AND kind = :kind"
)
_ANSWERED = text("UPDATE market_series SET answered_at = :at WHERE id = :series")
_NEAR = "series = :series AND from_ms <= :end AND to_ms >= :start"
_BESIDE = text(f"SELECT from_ms, to_ms FROM market_coverage WHERE {_NEAR} ORDER BY from_ms")  # noqa: S608  # our own words
_FORGET = text(f"DELETE FROM market_coverage WHERE {_NEAR}")  # noqa: S608  # our own words
_COVERED = text(
    "SELECT from_ms, to_ms FROM market_coverage WHERE series = :series ORDER BY from_ms"
)
_INSTRUMENT: TypeAdapter[Instrument] = TypeAdapter(Instrument)


class SeriesKey(NamedTuple):
    """The name of what is kept."""

    source: str
    """As in `store:NAME`: an exchange's name, or the one that an import was given."""
    symbol: str
    """As the source spells it."""
    kind: str
    """A timeframe, `funding` or `open_interest`."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A datum that came back different."""

    stamp_ms: int
    seen_at: datetime
    old: Any
    new: Any


class Kept(NamedTuple):
    """What a page brought."""

    added_count: int
    revised: tuple[Revision, ...] = ()

    def __add__(self, other: object) -> Kept:
        """Both together."""
        if not isinstance(other, Kept):
            return NotImplemented
        return Kept(self.added_count + other.added_count, self.revised + other.revised)


class Filled(NamedTuple):
    """A page that was committed."""

    done: Stretch
    """What of the stretch need not be asked for any more."""
    kept: Kept


class MarketStore:
    """Everything that is kept of markets, in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._numbers: dict[SeriesKey, int] = {}

    def listed(self, source: str | None = None) -> list[SeriesKey]:
        """Every series, or those of one source, in order of their names."""
        query = select(SERIES.c.source, SERIES.c.symbol, SERIES.c.kind)
        if source is not None:
            query = query.where(SERIES.c.source == source)
        with self.database.read() as connection:
            return sorted(SeriesKey(*row) for row in connection.execute(query))

    def answered_at(self, key: SeriesKey) -> datetime | None:
        """When the source last answered about it."""
        with self.database.read() as connection:
            query = select(SERIES.c.answered_at).where(
                SERIES.c.id == self.known_number(connection, key)
            )
            at: datetime | None = connection.execute(query).scalar_one_or_none()
        return at

    def coverage(self, key: SeriesKey) -> list[Stretch]:
        """What was asked and answered, oldest first, apart from each other."""
        with self.database.read() as connection:
            return self.covered(connection, self.known_number(connection, key))

    def revisions(self, key: SeriesKey) -> list[Revision]:
        """What came back different, in the order it was seen."""
        table = REVISIONS
        with self.database.read() as connection:
            query = select(table.c.stamp_ms, table.c.seen_at, table.c.old, table.c.new)
            chosen = query.where(table.c.series == self.known_number(connection, key))
            found = connection.execute(chosen.order_by(table.c.seen_at, table.c.stamp_ms))
            return [Revision(*row) for row in found]

    def see_instrument(self, source: str, instrument: Instrument, at: datetime) -> bool:
        """Keep what a source says of an instrument; True when it says so for the first time."""
        document = _INSTRUMENT.dump_python(instrument, mode="json")
        with self.database.read() as connection:
            known = self._documents(connection, source, instrument.symbol)
        if known and known[-1][1] == document:
            return False
        row = {"source": source, "symbol": instrument.symbol, "seen_at": at, "document": document}
        with self.database.begin(durable=False) as connection:
            return keep(connection, INSTRUMENTS, row)

    def instruments(self, source: str, symbol: str) -> list[tuple[datetime, Instrument]]:
        """What was said of an instrument, each from when it was seen, oldest first."""
        with self.database.read() as connection:
            found = self._documents(connection, source, symbol)
        return [(at, _INSTRUMENT.validate_python(document)) for at, document in found]

    def sources(self) -> list[str]:
        """The names that `store:NAME` knows."""
        return sorted({key.source for key in self.listed()})

    def number(self, connection: Connection, key: SeriesKey) -> int:
        """The series' number in the other tables; made where it has none. For writers."""
        found = _look_up(connection, key)  # not remembered: this transaction may come to nothing
        if found is None:
            keep(connection, SERIES, key._asdict())
            found = _look_up(connection, key)
        if found is None:
            raise StateError(f"the market store did not keep {key!r}; see `plangate doctor`")
        return found

    def answered(self, connection: Connection, series: int, covered: Stretch, at: datetime) -> None:
        """Note that a source answered about a stretch; an empty one was asked in vain."""
        connection.execute(_ANSWERED, {"series": series, "at": to_ms(at)})
        if covered.start >= covered.end:
            return
        near = {"series": series, "start": covered.start, "end": covered.end}
        beside = [Stretch(*row) for row in connection.execute(_BESIDE, near)]
        whole = joined([*beside, covered])
        if whole != beside:
            connection.execute(_FORGET, near)
            add_rows(connection, COVERAGE, [(series, *one) for one in whole])

    def covered(self, connection: Connection, series: int | None) -> list[Stretch]:
        """What was asked of a series; for those who have a connection."""
        return [Stretch(*row) for row in connection.execute(_COVERED, {"series": series})]

    def revise(self, connection: Connection, series: int, revised: Sequence[Revision]) -> None:
        """Remember what was replaced."""
        if revised:
            rows = [
                {"series": series, "stamp_ms": one.stamp_ms, "seen_at": one.seen_at}
                | {"old": one.old, "new": one.new}
                for one in revised
            ]
            keep_all(connection, REVISIONS, rows)

    def known_number(self, connection: Connection, key: SeriesKey) -> int | None:
        """The series' number, None where nothing was ever kept of it. For readers."""
        if key not in self._numbers:
            found = _look_up(connection, key)
            if found is None:
                return None
            self._numbers[key] = found
        return self._numbers[key]

    def _documents(
        self, connection: Connection, source: str, symbol: str
    ) -> list[tuple[datetime, Any]]:
        table = INSTRUMENTS
        query = select(table.c.seen_at, table.c.document).where(
            table.c.source == source, table.c.symbol == symbol
        )
        return [(row[0], row[1]) for row in connection.execute(query.order_by(table.c.seen_at))]


def _look_up(connection: Connection, key: SeriesKey) -> int | None:
    found: int | None = connection.execute(_NUMBER, key._asdict()).scalar_one_or_none()
    return found
