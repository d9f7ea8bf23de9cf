"""Values that fall due or are counted one by one: funding payments, open interest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection, select

from domain.numbers import plain
from market.store.ranges import Stretch, without
from market.store.store import Kept, MarketStore, Revision, SeriesKey
from market.store.tables import FUNDING, OPEN_INTEREST
from traces.upsert import keep_all, put

StampKind = Literal["funding", "open_interest"]
TABLES = {"funding": FUNDING, "open_interest": OPEN_INTEREST}
KINDS: tuple[StampKind, ...] = ("funding", "open_interest")


class StampShelf:
    """Where the stamped values of one symbol are kept."""

    def __init__(self, store: MarketStore, source: str, symbol: str, kind: StampKind) -> None:
        self.key = SeriesKey(source, symbol, kind)
        self._store = store
        self._table = TABLES[kind]

    def missing(self, start_ms: int, end_ms: int) -> list[Stretch]:
        """What of the stretch was never asked about; `end_ms` excluded."""
        return without(Stretch(start_ms, end_ms), self._store.coverage(self.key))

    def keep(self, values: Mapping[int, Decimal], covered: Stretch, at: datetime) -> Kept:
        """Keep a page and what it covers, in one transaction; what differs is a revision."""
        with self._store.database.begin(durable=False) as connection:
            series = self._store.number(connection, self.key)
            first, last = min(values, default=0), max(values, default=0)
            kept = self._read(connection, series, first, last + 1)
            new = {stamp: value for stamp, value in values.items() if stamp not in kept}
            revised = tuple(
                Revision(stamp, at, plain(kept[stamp]), plain(value))
                for stamp, value in sorted(values.items())
                if stamp in kept and kept[stamp] != value
            )
            if new:
                rows = [{"series": series, "stamp_ms": s, "value": v} for s, v in new.items()]
                keep_all(connection, self._table, rows)
            for one in revised:
                changed = {"stamp_ms": one.stamp_ms, "value": values[one.stamp_ms]}
                put(connection, self._table, {"series": series, **changed})
            self._store.revise(connection, series, revised)
            self._store.answered(connection, series, covered, at)
        return Kept(len(new), revised)

    def between(self, start_ms: int, end_ms: int) -> dict[int, Decimal]:
        """The kept values from `start_ms` until before `end_ms`, oldest first."""
        with self._store.database.read() as connection:
            series = self._store.known_number(connection, self.key)
            return self._read(connection, series, start_ms, end_ms)

    def whole(self) -> dict[int, Decimal]:
        """Every kept value."""
        return self.between(0, 2**62)

    def _read(
        self, connection: Connection, series: int | None, start_ms: int, end_ms: int
    ) -> dict[int, Decimal]:
        table = self._table
        query = select(table.c.stamp_ms, table.c.value).where(
            table.c.series == series, table.c.stamp_ms >= start_ms, table.c.stamp_ms < end_ms
        )
        return {row[0]: row[1] for row in connection.execute(query.order_by(table.c.stamp_ms))}


def stamp_shelf(store: MarketStore, key: SeriesKey) -> StampShelf:
    """The shelf of a listed series that is none of candles."""
    kind = next(known for known in KINDS if known == key.kind)
    return StampShelf(store, key.source, key.symbol, kind)
