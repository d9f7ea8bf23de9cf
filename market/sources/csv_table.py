"""Candle files read fast and strictly: a header, numbers under it, nothing else.

`numpy.loadtxt` does the parsing; only when it refuses are the lines walked one by one, to name the
line at fault.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series, Timeframe
from domain.errors import DataError
from market.cleaning import clean
from market.quality import refuse_future

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDLE_COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
SETTLED = "settled"
"""A column that a file may have: 1 where a candle is final. What plangate writes out has it."""
FIRST_LINE = 2
"""Line of the first row: the header is line 1."""
_STAMP_LIMIT = 2.0**63
"""Stamps are whole numbers of 64 bits; a larger one cannot be converted."""


def read_text(path: Path) -> str:
    """The text of a `.csv` or `.csv.gz` file.

    Raises:
        DataError: it cannot be read, is cut short, or is no UTF-8 text.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror}") from error
    return decode(raw, where=str(path), zipped=path.suffix == ".gz")


def decode(raw: bytes, *, where: str, zipped: bool) -> str:
    """The text in the bytes of a file.

    Raises:
        DataError: the bytes are no whole gzip file, or no UTF-8 text.
    """
    try:
        return (gzip.decompress(raw) if zipped else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{where} is no whole gzip file ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is no UTF-8 text ({error}); expected a CSV file") from error


def read_columns(text: str, required: Sequence[str], *, where: str) -> NDArray[np.float64]:
    """The required columns, in the order asked for, shape (columns, rows); others are ignored.

    Raises:
        DataError: naming the line that is not as expected.
    """
    head, _, body = text.partition("\n")
    names = [name.strip().strip('"').lower() for name in head.split(",")]
    missing = [name for name in required if name not in names]
    if missing:
        raise DataError(
            f"{where}, line 1: header {head.strip()!r} lacks {', '.join(missing)}; "
            f"expected the columns {','.join(required)}"
        )
    twice = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if twice:
        raise DataError(
            f"{where}, line 1: header {head.strip()!r} names {', '.join(twice)} more than once; "
            "expected each column once: rename or remove one"
        )
    columns = [names.index(name) for name in required]
    lines = body.rstrip().splitlines()
    if not lines:
        raise DataError(f"{where}: no rows under the header; expected at least one")
    try:
        is_wider = '"' not in body and body.count(",") > len(lines) * (len(names) - 1)
        if is_wider or any(not line.strip() for line in lines):
            raise _first_fault(lines, required, columns, len(names), where)
        return np.loadtxt(
            lines,
            delimiter=",",
            usecols=columns,
            unpack=True,
            ndmin=2,
            comments=None,
            quotechar='"',
        )
    except ValueError as error:
        raise _first_fault(lines, required, columns, len(names), where) from error


def read_series(
    text: str, timeframe: Timeframe, *, where: str, present: datetime | None = None
) -> Series:
    """The candles in the text, cleaned; none may open after `present`, where that is given.

    Raises:
        DataError: naming the line at fault.
    """
    columns = read_columns(text, CANDLE_COLUMNS, where=where)
    stamps = whole_stamps(columns[0], where=where)
    series = Series(timeframe, stamps, *(np.ascontiguousarray(c) for c in columns[1:]))
    cleaned = clean(series, where=where, first_line=FIRST_LINE)
    if present is not None:
        refuse_future(series, present, where=where, first_line=FIRST_LINE)
    return cleaned


def ends_settled(text: str) -> bool:
    """Whether the file itself says that its last candle was not forming any more."""
    names = [name.strip().strip('"').lower() for name in text.partition("\n")[0].split(",")]
    last = text.rstrip().rpartition("\n")[2].split(",")
    return SETTLED in names and last[names.index(SETTLED)].strip() == "1"


def whole_stamps(values: NDArray[np.float64], *, where: str) -> NDArray[np.int64]:
    """Timestamps as whole milliseconds.

    Raises:
        DataError: one is no whole number of 64 bits.
    """
    faulty = np.flatnonzero(~(np.abs(values) < _STAMP_LIMIT) | (np.floor(values) != values))
    if len(faulty):
        row = int(faulty[0])
        raise DataError(
            f"{where}, line {row + FIRST_LINE}: timestamp {float(values[row])!r} was expected to "
            "be whole milliseconds since 1970"
        )
    return values.astype(np.int64)


def _first_fault(
    lines: Sequence[str], required: Sequence[str], columns: Sequence[int], width: int, where: str
) -> DataError:
    for number, line in enumerate(lines, FIRST_LINE):
        cells = line.split(",")
        if not line.strip():
            return DataError(f"{where}, line {number}: it is blank; remove it")
        if len(cells) < width or (len(cells) > width and '"' not in line):
            return DataError(
                f"{where}, line {number}: {len(cells)} columns, was expected to have {width} as "
                "the header; decimals are written with a point"
            )
        for name, column in zip(required, columns, strict=True):
            if not _is_number(cells[column]):
                return DataError(
                    f"{where}, line {number}: {name} is {cells[column].strip()!r}, "
                    "was expected to be a number"
                )
    return DataError(f"{where} is no table of numbers; expected plain comma-separated values")


def _is_number(cell: str) -> bool:
    """As numpy reads it: Python's `float` would take other scripts' digits and underscores too."""
    text = cell.strip().strip('"')
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text
