"""What `plangate data export` does: the store as a folder of files that `files:` reads."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.data_words import timeframe_of
from domain.candles import Series
from domain.errors import ConfigError, StateError
from domain.numbers import plain
from market.features import COLUMNS as FEATURES
from market.features import FeatureTable, feature_table
from market.sources.csv_table import SETTLED
from market.store.candles import COLUMNS, CandleShelf
from market.store.stamps import stamp_shelf
from market.store.store import MarketStore, SeriesKey
from traces.whole_file import whole_file


def export(
    store: MarketStore, keys: list[SeriesKey], folder: Path, *, with_features: bool = False
) -> list[dict[str, Any]]:
    """Write one file a series, digit for digit; a file of that name is replaced whole.

    Args:
        store: What is read.
        keys: Which series.
        folder: Made where it lacks.
        with_features: Beside each candle its indicators, as a decision at its close sees them.

    Raises:
        ConfigError: two series would have the same file.
        StateError: the folder cannot be written.
    """
    names = {key: _file_name(key) for key in keys}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    if twice:
        both = ", ".join(f"{key.source} {key.symbol}" for key in keys if names[key] in twice)
        raise ConfigError(
            f"{min(twice)} would hold {both}; name one with --as NAME, or its symbol as listed"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(store, key, folder / name, with_features) for key, name in names.items()]
    except OSError as error:
        raise StateError(f"cannot write to {str(folder)!r}: {error.strerror}") from error


def _file_name(key: SeriesKey) -> str:
    code = key.symbol.partition(":")[0].replace("/", "")
    kind = "open-interest-all" if key.kind == "open_interest" else key.kind
    return f"{code}-{kind}.csv.gz"


def _write(store: MarketStore, key: SeriesKey, path: Path, with_features: bool) -> dict[str, Any]:
    timeframe = timeframe_of(key)
    if timeframe is not None:
        series = CandleShelf(store, key.source, key.symbol, timeframe).whole()
        rows = len(series)
        features = feature_table(series) if with_features else None
        lines: Iterable[str] = _candle_lines(series, features)
    else:
        values = stamp_shelf(store, key).whole()
        rows, column = len(values), {"funding": "funding_rate"}.get(key.kind, "sum_open_interest")
        found = (f"{stamp},{plain(value)}" for stamp, value in values.items())
        lines = [f"timestamp,{column}", *found]
    with whole_file(path) as file:
        file.write(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    return {
        "name": key.source,
        "symbol": key.symbol,
        "kind": key.kind,
        "rows": rows,
        "file": str(path),
    }


def _candle_lines(series: Series, features: FeatureTable | None) -> Iterator[str]:
    """A candle a line, final every one of them; a feature that is absent is an empty cell."""
    names = [*COLUMNS, SETTLED, *(FEATURES if features else ())]
    yield ",".join(["timestamp", *names])
    columns = [series.open_ms.tolist(), *(getattr(series, name).tolist() for name in COLUMNS)]
    columns.append([1] * len(series))
    if features:
        columns += (features.column(name).tolist() for name in FEATURES)
    for row in zip(*columns, strict=True):
        yield ",".join(repr(cell) if cell == cell else "" for cell in row)  # NaN differs
