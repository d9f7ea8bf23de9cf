"""Rows as a file: CSV, JSON Lines or Parquet, as its name ends; and back as a frame of pandas.

A file of that name is replaced whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.export_columns import TABLES, Column, Kind
from domain.errors import ConfigError, DataError, StateError
from traces.view_words import visible
from traces.whole_file import whole_file

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"＝＋－＠")  # wide ones, too
"""A spreadsheet takes a cell that begins so for a formula."""


def suffix_of(path: Path) -> str:
    """How the file is to be written.

    Raises:
        ConfigError: its name ends otherwise.
    """
    name = path.name.lower()
    found = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if found is None:
        raise ConfigError(f"-o {str(path)!r}: expected a name ending in {', '.join(SUFFIXES)}")
    return found


def write_table(path: Path, name: str, rows: Sequence[Row]) -> None:
    """Write the rows of the table of that name.

    Raises:
        ConfigError: the file's name ends otherwise, or Parquet's library is not installed.
        StateError: the file cannot be written.
    """
    suffix, columns = suffix_of(path), TABLES[name]
    made: dict[str, Callable[[], bytes]] = {
        ".csv": lambda: _csv(columns, rows),
        ".jsonl": lambda: _json_lines(name, columns, rows),
        ".parquet": lambda: _parquet(columns, rows),
    }
    data = made[suffix.removesuffix(".gz")]()
    if suffix.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    try:
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        raise StateError(f"cannot write {str(path)!r}: {error.strerror}") from error


def read_frame(path: Path | str) -> pd.DataFrame:
    """An export, or the telemetry, as a frame: moments in UTC, numbers as numbers, flags as flags.

    Exact decimals become 64-bit floats; the file keeps the digits.

    Raises:
        ConfigError: the file's name ends otherwise, or Parquet's library is not installed.
        StateError: the file cannot be read.
        DataError: its columns are of no table of plangate.
    """
    import pandas as pd

    file = Path(path)
    suffix = suffix_of(file).removesuffix(".gz")
    try:
        if suffix == ".csv":
            frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
        elif suffix == ".jsonl":
            lines = _text(file).splitlines()
            frame = pd.DataFrame([json.loads(line) for line in lines], dtype=object)
        else:
            frame = _needs_pyarrow(lambda: pd.read_parquet(file))
    except OSError as error:
        raise StateError(f"cannot read {str(file)!r}: {error.strerror or error}") from error
    except ValueError as error:
        raise DataError(f"{str(file)!r} cannot be read as {suffix}: {error}") from error
    frame = frame.drop(columns="schema", errors="ignore")
    return _typed(frame, _table_of(file, list(frame.columns)))


def _text(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.name.lower().endswith(".gz") else data).decode()


def _table_of(file: Path, names: Sequence[str]) -> tuple[Column, ...]:
    for name, columns in TABLES.items():
        known = [column.name for column in columns]
        # Of telemetry a file has the columns of what happened in it.
        if set(names) == set(known) or (name == "telemetry" and set(names) <= set(known)):
            return columns
    raise DataError(
        f"{str(file)!r} has the columns {', '.join(names[:8])}, ...: expected those of "
        f"{', '.join(TABLES)}; write one with: plangate export signals -o FILE"
    )


def _typed(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    import pandas as pd

    flags = {"true": True, "false": False}
    make: dict[Kind, Callable[[Any], Any]] = {
        "decimal": lambda cells: pd.to_numeric(cells).astype("float64"),
        "number": lambda cells: pd.to_numeric(cells).astype("float64"),
        "integer": lambda cells: pd.to_numeric(cells).astype("Int64"),
        "text": lambda cells: cells.mask(cells == "").astype("str"),
        "words": lambda cells: cells.astype("str"),
        "flag": lambda cells: cells.map(lambda cell: flags.get(cell, cell)).astype("boolean"),
        "moment": lambda cells: pd.to_datetime(cells, utc=True, format="ISO8601").dt.as_unit("us"),
    }
    there = [column for column in columns if column.name in frame.columns]
    typed = {
        column.name: make.get(column.kind, lambda cells: cells)(frame[column.name])
        for column in there
    }
    return pd.DataFrame(typed, columns=[column.name for column in there])


def _csv(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.name for column in columns)
    for row in rows:
        writer.writerow(_cell(column, row[column.name]) for column in columns)
    return text.getvalue().encode()


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.kind in {"number", "integer", "decimal"}:
        return str(value)
    words = visible(str(value))
    return f"'{words}" if words.startswith(_FORMULA) else words


def _json_lines(name: str, columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    lines = (
        {"schema": f"plangate.{name}/1", **{c.name: row[c.name] for c in columns}} for row in rows
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _parquet(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    import pandas as pd

    raw = pd.DataFrame(list(rows), columns=[column.name for column in columns], dtype=object)
    frame = _typed(raw, columns)
    return bytes(_needs_pyarrow(lambda: frame.to_parquet(index=False)))


def _needs_pyarrow(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow: pip install 'plangate[parquet]', or name a .csv or .jsonl file"
        ) from error
