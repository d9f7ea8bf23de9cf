"""The market store: keeping a million candles, and reading the newest 300 of one symbol.

Keeping is held against the standard library's `sqlite3`: the same rows, in lists of tuples that are
ready, by `executemany` into a table of the same shape, a transaction each so many rows, in the same
journal mode. Ours begins with arrays, looks for candles that came back different, and notes what
was covered. Aim >= 0.5x. Reading: aim < 1 ms. Run: python benchmarks/bench_market_store.py
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.candles import Candles, Series, Timeframe
from domain.clock import to_ms
from market.store.candles import COLUMNS, CandleShelf
from market.store.ranges import Stretch
from market.store.store import MarketStore
from traces.database import Database
from traces.tables import METADATA

ROWS = 1_000_000
PAGES = (1_000, 50_000)
ROUNDS = 3
READS = 500
AT = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = (
    "CREATE TABLE candle (series BIGINT NOT NULL, open_ms BIGINT NOT NULL, open DOUBLE NOT NULL, "
    "high DOUBLE NOT NULL, low DOUBLE NOT NULL, close DOUBLE NOT NULL, volume DOUBLE NOT NULL, "
    "PRIMARY KEY (series, open_ms)) WITHOUT ROWID"
)


def minutes() -> Series:
    draw = np.random.default_rng(1)
    close = np.round(30_000 * np.exp(np.cumsum(0.0004 * draw.standard_normal(ROWS))), 1)
    opens = to_ms(datetime(2022, 1, 1, tzinfo=UTC)) + np.arange(ROWS, dtype=np.int64) * 60_000
    volume = np.round(draw.random(ROWS) * 100, 3)
    return Series(Timeframe.M1, opens, close, close + 3, close - 3, close, volume)


def theirs(folder: Path, rows: list[tuple[float, ...]], page: int) -> float:
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute(TABLE)
        start = perf_counter()
        for row in range(0, len(rows), page):
            file.execute("BEGIN IMMEDIATE")
            file.executemany(
                "INSERT INTO candle VALUES (?, ?, ?, ?, ?, ?, ?)", rows[row : row + page]
            )
            file.execute("COMMIT")
        return perf_counter() - start


def ours(shelf: CandleShelf, candles: Series, page: int) -> float:
    start = perf_counter()
    for row in range(0, len(candles), page):
        stop = min(row + page, len(candles))
        columns = (getattr(candles, name)[row:stop] for name in COLUMNS)
        part = Series(candles.timeframe, candles.open_ms[row:stop], *columns)
        covered = Stretch(int(part.open_ms[0]), int(part.open_ms[-1]) + 60_000)
        shelf.keep(part, covered, AT)
    return perf_counter() - start


def shelf_in(folder: Path) -> CandleShelf:
    store = MarketStore(Database.open(folder / "plangate.db", METADATA))
    return CandleShelf(store, "bench", "BTC/USDT", Timeframe.M1)


def keeping(candles: Series) -> None:
    columns = [getattr(candles, name).tolist() for name in COLUMNS]
    rows = list(zip([1] * ROWS, candles.open_ms.tolist(), *columns, strict=True))
    print(f"{'keeping 1M candles':<26} {'sqlite3 s':>10} {'plangate s':>11} {'speed':>7}")
    for page in PAGES:
        times = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                plain = theirs(Path(folder), rows, page)
                times.append((plain, ours(shelf_in(Path(folder)), candles, page)))
        plain, own = (median(column) for column in zip(*times, strict=True))
        print(f"{f'{page} a transaction':<26} {plain:>10.2f} {own:>11.2f} {plain / own:>6.2f}x")


def reading(candles: Series) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = shelf_in(Path(folder))
        ours(shelf, candles, 50_000)
        size = (Path(folder) / "plangate.db").stat().st_size
        newest = []
        for _ in range(READS):
            start = perf_counter()
            found = shelf.last(300)
            newest.append(perf_counter() - start)
        assert np.array_equal(found.close, Candles.whole(candles).last(300).close)
        start = perf_counter()
        whole = shelf.whole()
        all_s = perf_counter() - start
        assert np.array_equal(whole.close, candles.close)
        del whole
        tracemalloc.start()
        shelf.whole()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    low, high = np.percentile(newest, [50, 99]) * 1000
    print(f"\nthe newest 300: p50 {low:.2f} ms, p99 {high:.2f} ms; all of them: {all_s:.2f} s,")
    print(f"peak {peak / 1e6:.0f} MB; on disk {size / ROWS:.0f} bytes a candle")


if __name__ == "__main__":
    history = minutes()
    keeping(history)
    reading(history)
