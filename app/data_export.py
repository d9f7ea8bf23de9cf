"""What `plangate data export` does: the store as a folder of files that `files:` reads."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.data_words import timeframe_of
from domain.candles import Candles, Series
from domain.errors import ConfigError, StateError
from domain.numbers import plain
from market.store.candles import COLUMNS, CandleShelf
from market.store.stamps import StampShelf
from market.store.store import MarketStore, SeriesKey


def export(store: MarketStore, keys: list[SeriesKey], folder: Path) -> list[dict[str, Any]]:
    """Write one file a series, digit for digit; a file of that name is replaced whole.

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
        return [_write(store, key, folder / name) for key, name in names.items()]
    except OSError as error:
        raise StateError(f"cannot write to {str(folder)!r}: {error.strerror}") from error


def _file_name(key: SeriesKey) -> str:
    code = key.symbol.partition(":")[0].replace("/", "")
    kind = "open-interest-all" if key.kind == "open_interest" else key.kind
    return f"{code}-{kind}.csv.gz"


def _write(store: MarketStore, key: SeriesKey, path: Path) -> dict[str, Any]:
    timeframe = timeframe_of(key)
    if timeframe is not None:
        series = CandleShelf(store, key.source, key.symbol, timeframe).whole()
        rows = len(series)
        lines = _candle_lines(series)
    else:
        values = StampShelf(store, key.source, key.symbol, key.kind).whole()  # type: ignore[arg-type]  # not a timeframe
        rows, column = len(values), {"funding": "funding_rate"}.get(key.kind, "sum_open_interest")
        found = (f"{stamp},{plain(value)}" for stamp, value in values.items())
        lines = [f"timestamp,{column}", *found]
    half = path.with_name(path.name + ".part")
    half.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    half.replace(path)
    return {
        "name": key.source,
        "symbol": key.symbol,
        "kind": key.kind,
        "rows": rows,
        "file": str(path),
    }


def _candle_lines(series: Series) -> Iterable[str]:
    window = Candles.whole(series)
    columns = (getattr(window, name).tolist() for name in COLUMNS)
    rows = zip(window.open_ms.tolist(), *columns, strict=True)
    return ["timestamp,open,high,low,close,volume", *(",".join(map(repr, row)) for row in rows)]
