"""The door for candles: what comes in is mended by rule and says so, or is refused.

Mended is only what leaves no choice: the same row twice is one row, rows out of order are sorted,
of two states of one candle the later one stands, and a row that cannot be a candle is none. What is
dropped leaves a gap, and nothing is ever put in its place: the gate's `DATA_GAP` denies near it.
Where a mend would have to guess, the data is refused. The decision for each defect is in
`docs/quality.md`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series
from domain.clock import to_ms
from domain.errors import DataError
from domain.quality import Defect, Flaw, Treatment
from market.quality import Place, broken_rows, check_grid, check_unit
from market.resample import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from domain.candles import Stamps

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]

MAX_BROKEN_FRACTION = 0.01
"""Share of rows that may be no candles. Beyond it the data is of another shape, such as columns in
another order, and what still looks like candles is not to be believed either."""
_ROUNDING = 1e-6
"""Share by which two sums of the same volumes may differ."""
COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")


def clean(raw: Series, *, where: str, first_line: int | None = None, beside: int = 0) -> Series:
    """The candles in `raw`, oldest first, each once; `flaws` say what was mended.

    Args:
        raw: rows as they came, in any order.
        where: the file or source, for the message.
        first_line: line of the first row in its file; without it the message counts candles from 1.
        beside: sound candles that are at hand already: a page of one broken row is no other shape.

    Raises:
        DataError: there is no row, or one that no rule can mend, named.
    """
    if not len(raw):
        raise DataError(f"{where}: no candles in it; expected at least one row under the header")
    place = Place(raw, where, first_line)
    check_unit(raw.open_ms, where=where, first_line=first_line)
    check_grid(place)
    flaws: dict[Defect, tuple[Treatment, Stamps]] = {}
    rows = _sound_rows(place, flaws, beside)
    rows = _sorted_rows(raw, rows, flaws)
    rows = _single_rows(place, rows, flaws)
    found = tuple(Flaw(defect, done, stamps) for defect, (done, stamps) in flaws.items())
    return _taken(raw, rows, (*raw.flaws, *found))


def closed_only(raw: Series, present: datetime) -> Series:
    """What a live venue may know at `present`: the forming candle is left out, as it always is.

    A candle that opens later than that is none; it is dropped with a flag on the newest closed one.
    """
    newest_ms = to_ms(present) - raw.timeframe.ms
    rows = np.flatnonzero(raw.open_ms <= newest_ms)
    future = int(np.count_nonzero(raw.open_ms > to_ms(present)))
    at_ms = np.full(future, newest_ms // raw.timeframe.ms * raw.timeframe.ms, np.int64)
    flaws = (Flaw(Defect.FUTURE, "dropped", at_ms),) if future else ()
    if len(rows) == len(raw):
        return raw
    return _taken(raw, rows, (*raw.flaws, *flaws))


def joined(kept: Series, fresh: Series) -> Series:
    """Two clean series as one; where both have a candle, the `fresh` one stands."""
    stamps = np.concatenate([fresh.open_ms, kept.open_ms])
    stamps, chosen = np.unique(stamps, return_index=True)
    columns = [
        np.concatenate([getattr(fresh, name), getattr(kept, name)])[chosen] for name in COLUMNS[1:]
    ]
    return Series(fresh.timeframe, stamps, *columns, flaws=_united(kept.flaws, fresh.flaws))


def _united(older: tuple[Flaw, ...], newer: tuple[Flaw, ...]) -> tuple[Flaw, ...]:
    """Each defect once; a candle that was asked for twice has its flaw once."""
    stamps: dict[tuple[Defect, Treatment], Stamps] = {}
    for flaw in (*older, *newer):
        key = (flaw.defect, flaw.treatment)
        stamps[key] = np.union1d(stamps[key], flaw.at_ms) if key in stamps else flaw.at_ms
    return tuple(Flaw(*key, at_ms) for key, at_ms in stamps.items())


def without_unclosed(given: Series, base: Series) -> Series:
    """Longer candles without a last one that was recorded before its time was over.

    Only shorter candles of the same time can tell: the last of `given` is dropped where `base` has
    all of them and they reach further, or trade more.
    """
    if not len(given):
        return given
    opened = int(given.open_ms[-1])
    first, stop = np.searchsorted(base.open_ms, (opened, opened + given.timeframe.ms))
    whole = resample(_taken(base, np.arange(first, stop), ()), given.timeframe)
    if not len(whole) or not _grew(given, len(given) - 1, whole, 0):
        return given
    flaw = Flaw(Defect.UNCLOSED, "dropped", given.open_ms[-1:].copy())
    return _taken(given, np.arange(len(given) - 1), (*given.flaws, flaw))


def _sound_rows(place: Place, flaws: dict[Defect, tuple[Treatment, Stamps]], beside: int) -> Rows:
    """The rows that can be candles; too many that cannot are refused with the first named."""
    raw = place.series
    broken = np.zeros(len(raw), dtype=np.bool_)
    fault: DataError | None = None
    for defect, faulty, said in broken_rows(raw):
        faulty &= ~broken
        if not faulty.any():
            continue
        broken |= faulty
        fault = fault or place.first_fault(faulty, said)
        stamps = np.sort(raw.open_ms[faulty])
        if defect in flaws:
            stamps = np.sort(np.concatenate([flaws[defect][1], stamps]))
        flaws[defect] = ("dropped", stamps)
    count = int(np.count_nonzero(broken))
    if fault is not None and count > MAX_BROKEN_FRACTION * (len(raw) + beside):
        more = f" ({count} of {len(raw)} rows are no candles)" if count > 1 else ""
        raise DataError(f"{fault}{more}")
    return np.flatnonzero(~broken)


def _sorted_rows(raw: Series, rows: Rows, flaws: dict[Defect, tuple[Treatment, Stamps]]) -> Rows:
    """By time; flagged is each candle that came before the one it follows."""
    stamps = raw.open_ms[rows]
    if (np.diff(stamps) >= 0).all():
        return rows
    ordered = rows[np.argsort(stamps, kind="stable")]
    early = np.flatnonzero(np.diff(ordered) < 0) + 1
    flaws[Defect.UNSORTED] = ("sorted", raw.open_ms[ordered[early]])
    return ordered


def _single_rows(place: Place, rows: Rows, flaws: dict[Defect, tuple[Treatment, Stamps]]) -> Rows:
    """Each time once.

    Raises:
        DataError: two rows of one time contradict each other.
    """
    raw = place.series
    stamps = raw.open_ms[rows]
    starts = np.flatnonzero(np.diff(stamps, prepend=-1))
    if len(starts) == len(rows):
        return rows
    chosen = rows[starts].copy()
    same: list[int] = []
    grown: list[int] = []
    counts = np.diff(np.append(starts, len(rows)))
    for group in np.flatnonzero(counts > 1).tolist():
        first = int(starts[group])
        states = rows[first : first + int(counts[group])]
        chosen[group] = newest = _last_state(place, states)
        for row in states.tolist():
            if row != newest:
                (same if _equal(raw, row, newest) else grown).append(int(raw.open_ms[row]))
    if same:
        flaws[Defect.DUPLICATE] = ("dropped", np.array(same, np.int64))
    if grown:
        flaws[Defect.REVISED] = ("replaced", np.array(grown, np.int64))
    return chosen


def _last_state(place: Place, states: Rows) -> int:
    """The row that all others of this candle lead to: a candle only ever grows."""
    raw = place.series
    by_size = sorted(
        states.tolist(), key=lambda row: (raw.volume[row], raw.high[row] - raw.low[row])
    )
    newest = int(by_size[-1])
    for row in by_size[:-1]:
        if not (_equal(raw, row, newest) or _grew(raw, row, raw, newest)):
            said = (
                f"duplicate timestamp, and the two contradict each other: {_told(raw, row)} and "
                f"{_told(raw, newest)}; expected one row per candle: drop the wrong one"
            )
            raise place.fault(max(row, newest), said)
    return newest


def _grew(early: Series, row: int, late: Series, later: int) -> bool:
    """Whether a candle is an unfinished state of another: same open, inside it, and less of it."""
    return bool(
        early.open[row] == late.open[later]
        and early.high[row] <= late.high[later]
        and early.low[row] >= late.low[later]
        and early.volume[row] < late.volume[later] * (1 - _ROUNDING)
    )


def _equal(series: Series, row: int, other: int) -> bool:
    return all(getattr(series, name)[row] == getattr(series, name)[other] for name in COLUMNS)


def _told(series: Series, row: int) -> str:
    return "/".join(f"{float(getattr(series, name)[row]):.8g}" for name in COLUMNS[1:])


def _taken(series: Series, rows: Rows, flaws: tuple[Flaw, ...]) -> Series:
    """The candles of these rows."""
    if len(rows) == len(series) and (np.diff(rows) == 1).all():
        columns = [getattr(series, name) for name in COLUMNS]
    else:
        columns = [np.ascontiguousarray(getattr(series, name)[rows]) for name in COLUMNS]
    return Series(series.timeframe, *columns, flaws=flaws)
