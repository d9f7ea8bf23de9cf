"""What candles must be: a series that contradicts itself never reaches an indicator or a fill.

One list of tests for every source. `market.cleaning` is the door that data comes in by: it mends
what can be mended by rule. `check_series` is strict, for candles that somebody wrote on purpose: it
raises at the first fault and names where it is, what was found, what was expected and what to do,
because the reader of the message has the file open in an editor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import from_ms, iso, to_ms
from domain.errors import DataError
from domain.quality import Defect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from domain.candles import Stamps

_PRICES = ("open", "high", "low", "close")
_NUMBERS = (*_PRICES, "volume")
_LATEST_MS = 100_000_000_000_000
"""Year 5138: a stamp beyond it counts microseconds."""
_EARLIEST_MS = 100_000_000_000
"""March 1973: a stamp before it counts seconds."""
LARGEST_PRICE = 1e12
"""Prices lie below it, as the gate wants them; larger ones are garbage."""
LARGEST_VOLUME = 1e18
"""Coins that trade at a millionth of a dollar reach 1e13 a day; what is beyond this is garbage."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What a sound series holds."""

    candles: int
    starts_at: datetime
    """Open of the first candle, UTC."""
    ends_at: datetime
    """Open of the last candle, UTC."""
    zero_volume_count: int
    """Candles without a trade: legal, and worth knowing."""
    gap_count: int
    """Places where candles are missing; 0 unless gaps were allowed."""


def check_series(
    series: Series, *, where: str, allow_gaps: bool = False, first_line: int | None = None
) -> QualityReport:
    """What the series holds, if it is sound.

    Args:
        series: the candles to look at.
        where: the file or source, for the message.
        allow_gaps: count missing candles instead of refusing them.
        first_line: line of the first candle in its file, so that the message names lines;
            without it the message counts candles from 1.

    Raises:
        DataError: naming the first fault.
    """
    if not len(series):
        raise DataError(f"{where}: no candles in it; expected at least one row under the header")
    place = Place(series, where, first_line)
    check_unit(series.open_ms, where=where, first_line=first_line)
    gaps = _check_stamps(series, place, allow_gaps=allow_gaps)
    for _, faulty, said in broken_rows(series):
        if faulty.any():
            raise place.first_fault(faulty, said)
    return QualityReport(
        candles=len(series),
        starts_at=from_ms(int(series.open_ms[0])),
        ends_at=from_ms(int(series.open_ms[-1])),
        zero_volume_count=int(np.count_nonzero(series.volume == 0)),
        gap_count=gaps,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A series and where it comes from, to say where a fault is."""

    series: Series
    where: str
    first_line: int | None

    def fault(self, row: int, said: str) -> DataError:
        """The refusal that names the candle of this row."""
        return _fault(int(self.series.open_ms[row]), row, self.where, self.first_line, said)

    def first_fault(self, faulty: NDArray[np.bool_], said: str) -> DataError:
        """The refusal that names the first True; `{open}` in `said` is that candle's open."""
        row, s = int(np.argmax(faulty)), self.series
        values = {name: float(getattr(s, name)[row]) for name in _NUMBERS}
        return self.fault(row, said.format(**values))


def _fault(stamp: int, row: int, where: str, first_line: int | None, said: str) -> DataError:
    count = row + (1 if first_line is None else first_line)
    unit = "candle" if first_line is None else "line"
    time = iso(from_ms(stamp)) if 0 <= stamp < _LATEST_MS else f"timestamp {stamp}"
    return DataError(f"{where}, {unit} {count} ({time}): {said}")


def check_unit(stamps: Stamps, *, where: str, first_line: int | None = None) -> None:
    """Let nothing but milliseconds since 1970 pass; `where` and `first_line` as in `check_series`.

    Raises:
        DataError: naming the first stamp that counts something else.
    """
    for row in np.flatnonzero((stamps < _EARLIEST_MS) | (stamps >= _LATEST_MS))[:1]:
        stamp = int(stamps[row])
        unit = "seconds" if stamp < _EARLIEST_MS else "microseconds or finer"
        said = (
            f"timestamp {stamp} was expected in milliseconds since 1970, UTC"
            if stamp <= 0
            else f"timestamp {stamp} looks like {unit}, was expected in milliseconds since 1970; "
            "convert the column"
        )
        raise _fault(stamp, int(row), where, first_line, said)


def _check_stamps(series: Series, place: Place, *, allow_gaps: bool) -> int:
    """Grid, order, duplicates and gaps; the number of gaps where they are allowed."""
    timeframe, stamps = series.timeframe, series.open_ms
    steps = np.diff(stamps)
    for row in np.flatnonzero(steps <= 0)[:1] + 1:
        before = iso(from_ms(int(stamps[row - 1])))
        if stamps[row] == stamps[row - 1]:
            raise place.fault(
                int(row), "duplicate timestamp; expected one row per candle: drop one"
            )
        raise place.fault(
            int(row), f"unsorted, it follows {before}; expected the oldest first: sort by timestamp"
        )
    check_grid(place)
    gaps = np.flatnonzero(steps > timeframe.ms)
    if len(gaps) and not allow_gaps:
        raise _gap(place, int(gaps[0]) + 1, timeframe)
    return len(gaps)


def check_grid(place: Place) -> None:
    """Refuse stamps that are no open times of the timeframe: another one's, or another zone's.

    Raises:
        DataError: naming the first one.
    """
    timeframe, stamps = place.series.timeframe, place.series.open_ms
    for row in np.flatnonzero(stamps % timeframe.ms != 0)[:1]:
        raise place.fault(
            int(row),
            f"timestamp {int(stamps[row])} is no multiple of {timeframe.value}; expected "
            "the candle's open time in UTC: check the file's timeframe and time zone",
        )


def _gap(place: Place, row: int, timeframe: Timeframe) -> DataError:
    stamps = place.series.open_ms
    missing = int(stamps[row] - stamps[row - 1]) // timeframe.ms - 1
    expected = iso(from_ms(int(stamps[row - 1]) + timeframe.ms))
    return place.fault(
        row,
        f"gap before it, {missing} missing; expected a candle at {expected}: add the missing rows "
        "(volume 0 is legal) or start the file after the gap",
    )


def refuse_future(
    series: Series, present: datetime, *, where: str, first_line: int | None = None
) -> None:
    """Refuse recorded candles that open after `present`, the machine's time.

    Refused and not dropped: what is read from a file must not depend on the day it is read.

    Raises:
        DataError: naming the first one.
    """
    for row in np.flatnonzero(series.open_ms > to_ms(present))[:1]:
        place = Place(series, where, first_line)
        said = f"it opens in the future, after {iso(present)}; check the stamps and the clock"
        raise place.fault(int(row), said)


def broken_rows(series: Series) -> Iterator[tuple[Defect, NDArray[np.bool_], str]]:
    """Per test that a candle must pass by itself: the defect, where it is, and how it is said."""
    for name in _NUMBERS:
        said = f"{name} is {{{name}!r}}, was expected to be a finite number; mend or remove the row"
        yield Defect.NOT_FINITE, ~np.isfinite(getattr(series, name)), said
    for name in _PRICES:
        said = f"{name} is {{{name}!r}}, was expected above 0; mend the row"
        yield Defect.OUT_OF_BOUNDS, getattr(series, name) <= 0, said
    said = "volume is {volume!r}, was expected at or above 0"
    yield Defect.OUT_OF_BOUNDS, series.volume < 0, said
    for name in _NUMBERS:
        limit = LARGEST_VOLUME if name == "volume" else LARGEST_PRICE
        said = f"{name} is {{{name}!r}}, was expected below {limit:g}; mend the row or its unit"
        yield Defect.OUT_OF_BOUNDS, getattr(series, name) >= limit, said
    said = "high {high!r} is below low {low!r}; expected high >= low: check the column order"
    yield Defect.CROSSED, series.high < series.low, said
    for name in ("open", "close"):
        values = getattr(series, name)
        said = (
            f"{name} {{{name}!r}} lies outside low {{low!r}} to high {{high!r}}; "
            "expected it inside: check the column order"
        )
        yield Defect.CROSSED, (values < series.low) | (values > series.high), said
