"""Candles of one symbol and timeframe: kept page by page, read as one series.

The fast roads past the column types are here, because a year of minutes is half a million rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, TextClause, text, update

from domain.candles import Series, Timeframe
from domain.clock import from_ms, to_ms
from domain.quality import Defect, Flaw, Treatment
from market.store.ranges import Stretch, without
from market.store.store import Kept, MarketStore, Revision, SeriesKey
from market.store.tables import CANDLES, FLAWS
from traces.bulk import add_rows
from traces.upsert import keep_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("open", "high", "low", "close", "volume")
_ROW = np.dtype([("open_ms", np.int64), *((name, np.float64) for name in COLUMNS)])
_SELECT = "SELECT open_ms, open, high, low, close, volume FROM market_candle WHERE series = :series"
_BETWEEN = text(f"{_SELECT} AND open_ms >= :start AND open_ms < :end ORDER BY open_ms")
_FLAWS = text(
    "SELECT stamp_ms, defect, treatment FROM market_flaw WHERE series = :series "
    "AND stamp_ms >= :start AND stamp_ms < :end ORDER BY stamp_ms, defect"
)
_LAST = text(f"{_SELECT} ORDER BY open_ms DESC LIMIT :count")


class CandleShelf:
    """Where the settled candles of one symbol and timeframe are kept."""

    def __init__(self, store: MarketStore, source: str, symbol: str, timeframe: Timeframe) -> None:
        self.key = SeriesKey(source, symbol, timeframe.value)
        self.timeframe = timeframe
        self._store = store

    def missing(self, start_ms: int, end_ms: int) -> list[Stretch]:
        """What of the stretch was never asked about; `end_ms` excluded."""
        return without(Stretch(start_ms, end_ms), self._store.coverage(self.key))

    def coverage(self) -> list[Stretch]:
        """What was asked about and answered, oldest first, apart from each other."""
        return self._store.coverage(self.key)

    def reach(self, at_ms: int) -> int:
        """How far from `at_ms` on everything was asked; `at_ms` itself where it was not."""
        known = self._store.coverage(self.key)
        return next((one.end for one in known if one.start <= at_ms < one.end), at_ms)

    def keep(self, candles: Series, covered: Stretch, at: datetime) -> Kept:
        """Keep a page and what it covers, in one transaction.

        A candle that is there already and differs is replaced, and the difference remembered.

        Args:
            candles: Sound, settled, on the timeframe's grid.
            covered: What was asked and is answered by them; no candle there means none exists.
            at: When it was answered.
        """
        with self._store.database.begin(durable=False) as connection:
            series = self._store.number(connection, self.key)
            new, revised = self._compared(connection, series, candles, at)
            add_rows(connection, CANDLES, new)
            for one in revised:
                _replace(connection, series, one)
            self._store.revise(connection, series, revised)
            self._note_flaws(connection, series, candles, revised, at)
            self._store.answered(connection, series, covered, at)
        return Kept(len(new), revised)

    def between(self, start_ms: int, end_ms: int) -> Series:
        """The kept candles that open from `start_ms` until before `end_ms`, oldest first."""
        with self._store.database.read() as connection:
            series = self._store.known_number(connection, self.key)
            named = {"series": series, "start": start_ms, "end": end_ms}
            flaws = connection.execute(_FLAWS, named).all()
            return self._series(_plain(connection, _BETWEEN, named), flaws)

    def whole(self) -> Series:
        """Every kept candle."""
        return self.between(0, 2**62)

    def last(self, count: int) -> Series:
        """The newest `count` candles, or fewer where there are fewer."""
        with self._store.database.read() as connection:
            series = self._store.known_number(connection, self.key)
            named = {"series": series, "count": count}
            rows = _plain(connection, _LAST, named)[::-1]
            first = rows[0][0] if rows else 0
            flaws = connection.execute(_FLAWS, {"series": series, "start": first, "end": 2**62})
            return self._series(rows, flaws.all())

    def gaps(self, candles: Series | None = None) -> list[Stretch]:
        """Where it was asked and no candle exists, oldest first.

        Of an instrument with trading hours only what is missing within a day: it was closed else.

        Args:
            candles: All of them, where they are at hand.
        """
        opens = (self.whole() if candles is None else candles).open_ms
        ends = opens + self.timeframe.ms
        breaks = np.flatnonzero(ends[:-1] < opens[1:])
        known_as = self._store.instruments(self.key.source, self.key.symbol)
        hours = known_as[-1][1].hours if known_as else None
        if hours is not None:
            gaps = [Stretch(int(ends[row]), int(opens[row + 1])) for row in breaks]
            return [gap for gap in gaps if hours.one_day(from_ms(gap.start - 1), from_ms(gap.end))]
        held = [Stretch(int(ends[row]), int(opens[row + 1])) for row in breaks]
        if len(opens):
            first = Stretch(0, int(opens[0]))
            held = [first, *held, Stretch(int(ends[-1]), 2**62)]
        else:
            held = [Stretch(0, 2**62)]
        known = self._store.coverage(self.key)
        parts = (
            Stretch(max(gap.start, one.start), min(gap.end, one.end))
            for gap in held
            for one in known
        )
        return sorted(part for part in parts if part.start < part.end)

    def _compared(
        self, connection: Connection, series: int, candles: Series, at: datetime
    ) -> tuple[Sequence[tuple[Any, ...]], tuple[Revision, ...]]:
        """The rows that are new, and those that differ from what is kept."""
        if not len(candles):
            return [], ()
        columns = [getattr(candles, name).tolist() for name in COLUMNS]
        fresh = list(zip([series] * len(candles), candles.open_ms.tolist(), *columns, strict=True))
        named = {"series": series, "start": fresh[0][1], "end": fresh[-1][1] + 1}
        kept = {row[0]: tuple(row)[1:] for row in connection.execute(_BETWEEN, named)}
        if not kept:
            return fresh, ()
        revised = tuple(
            Revision(stamp, at, list(kept[stamp]), list(values))
            for _, stamp, *values in fresh
            if stamp in kept and kept[stamp] != tuple(values)
        )
        return [row for row in fresh if row[1] not in kept], revised

    def _note_flaws(
        self,
        connection: Connection,
        series: int,
        candles: Series,
        revised: Sequence[Revision],
        at: datetime,
    ) -> None:
        """Keep what was mended; a revision is a flaw of the newest candle closed when it was seen.

        At the open of the candle itself it would tell a replay of what came later.
        """
        rows = [
            (flaw.defect, stamp, flaw.treatment) for flaw in candles.flaws for stamp in flaw.at_ms
        ]
        if revised:
            seen_ms = (to_ms(at) // self.timeframe.ms - 1) * self.timeframe.ms
            rows.append((Defect.REVISED, seen_ms, "replaced"))
        if rows:
            named = [
                {
                    "series": series,
                    "stamp_ms": int(stamp),
                    "defect": defect.value,
                    "treatment": done,
                }
                for defect, stamp, done in rows
            ]
            keep_all(connection, FLAWS, named)

    def _series(self, rows: Sequence[Any], flaws: Sequence[Any]) -> Series:
        table: NDArray[Any] = np.array(rows, _ROW)
        columns = (np.ascontiguousarray(table[name]) for name in COLUMNS)
        stamps: dict[tuple[str, Treatment], list[int]] = {}
        for stamp, defect, treatment in flaws:
            stamps.setdefault((defect, treatment), []).append(stamp)
        found = tuple(
            Flaw(Defect(defect), treatment, np.array(at_ms, np.int64))
            for (defect, treatment), at_ms in stamps.items()
        )
        opens = np.ascontiguousarray(table["open_ms"])
        return Series(self.timeframe, opens, *columns, flaws=found)


def _plain(connection: Connection, query: TextClause, named: dict[str, Any]) -> list[Any]:
    """The driver's own tuples: SQLAlchemy's rows cost as much as fetching them."""
    found: Any = connection.execute(query, named)
    return list(found.cursor.fetchall())


def _replace(connection: Connection, series: int, one: Revision) -> None:
    here = (CANDLES.c.series == series) & (CANDLES.c.open_ms == one.stamp_ms)
    values = dict(zip(COLUMNS, one.new, strict=True))
    connection.execute(update(CANDLES).where(here).values(values))
