"""What is kept leaves as files, and comes back from them."""

from __future__ import annotations

import csv
import gzip
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.data_export import export
from app.data_import import import_source
from app.data_options import SyncOptions, read_sync_options
from app.data_sync import sync
from domain.candles import Candles, Timeframe
from domain.clock import from_ms
from domain.errors import DataError
from domain.instrument import Instrument
from market.features import features_at
from market.sources.files import FilesSource
from market.store.candles import CandleShelf
from market.store.ranges import Stretch
from market.store.stamps import KINDS, StampShelf
from market.store.store import Kept, MarketStore, SeriesKey
from tests.contracts.test_market_source import hand_made
from tests.market.store.handmade import HOUR, SEEN, START, hours, same, store_in
from tests.servers.exchange_server import split

BTC = "BTC/USDT:USDT"


class Unseen:
    """Nobody looks."""

    def series(self, key: SeriesKey, total: int, unit: str) -> None: ...

    def advance(self, done: int, kept: Kept) -> None: ...

    def note(self, words: str) -> None: ...


def asked(folder: Path) -> SyncOptions:
    return read_sync_options(
        symbols=None,
        market=f"files:{folder}",
        market_url=None,
        timeframe=None,
        start=None,
        end=None,
        keep_as="back",
        refill=False,
        again=False,
    )


async def imported(folder: Path, store: MarketStore) -> None:
    source = FilesSource(folder)
    await source.open(source.symbols())
    import_source(source, asked(folder), store, Unseen())


def filled(store: MarketStore) -> None:
    step = Decimal("0.001")
    instrument = Instrument(
        BTC, "BTC", "USDT", "perpetual", Decimal("0.10"), step, step, Decimal(5)
    )
    store.see_instrument("from", instrument, SEEN)
    for timeframe in (Timeframe.M15, Timeframe.H1):
        series = (
            hours(*range(48)) if timeframe is Timeframe.H1 else split(hours(*range(48)), timeframe)
        )
        covered = Stretch(START, START + 48 * HOUR)
        CandleShelf(store, "from", BTC, timeframe).keep(series, covered, SEEN)
    values = {START: Decimal("0.0001"), START + 8 * HOUR: Decimal("-0.00007413")}
    for kind in KINDS:
        StampShelf(store, "from", BTC, kind).keep(
            values, Stretch(START, START + 8 * HOUR + 1), SEEN
        )


@pytest.mark.parametrize("with_features", [False, True])
async def test_what_is_written_out_and_read_in_again_is_the_same_to_the_last_candle(
    tmp_path: Path, with_features: bool
) -> None:
    store, folder = store_in(tmp_path), tmp_path / "files"
    filled(store)
    export(store, store.listed("from"), folder, with_features=with_features)
    await imported(folder, store)
    for timeframe in (Timeframe.M15, Timeframe.H1):
        shelves = (
            CandleShelf(store, "from", BTC, timeframe),
            CandleShelf(store, "back", "BTC/USDT", timeframe),
        )
        there, back = (shelf.whole() for shelf in shelves)
        assert same(back, there)
        assert shelves[0].coverage() == shelves[1].coverage()
    for kind in KINDS:
        there_, back_ = (
            StampShelf(store, "from", BTC, kind),
            StampShelf(store, "back", "BTC/USDT", kind),
        )
        assert there_.whole() == back_.whole() != {}


async def test_a_file_of_the_wild_loses_its_newest_candle(tmp_path: Path) -> None:
    store, folder = store_in(tmp_path), tmp_path / "files"
    filled(store)
    (written,) = export(store, [SeriesKey("from", BTC, "1h")], folder)
    path = Path(written["file"])
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    bare = "\n".join(line.rpartition(",")[0] for line in lines)
    path.write_bytes(gzip.compress(bare.encode()))
    await imported(folder, store)
    assert len(CandleShelf(store, "back", "BTC/USDT", Timeframe.H1).whole()) == 47


async def test_a_file_of_the_future_does_not_come_in(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(
        "timestamp,open,high,low,close,volume\n"
        "7258118400000,100,101,99,100,5\n7258122000000,100,101,99,100,5\n"
    )
    with pytest.raises(DataError, match="opens in the future"):
        await sync(asked(tmp_path), store_in(tmp_path), Unseen())


def test_the_features_of_a_kept_candle_are_those_that_a_decision_at_its_close_sees(
    tmp_path: Path,
) -> None:
    store, series = store_in(tmp_path), hand_made(400)
    shelf = CandleShelf(store, "from", BTC, Timeframe.H1)
    first = int(series.open_ms[0])
    shelf.keep(series, Stretch(first, first + 400 * HOUR), SEEN)
    (written,) = export(store, [shelf.key], tmp_path / "files", with_features=True)
    with gzip.open(written["file"], "rt") as file:
        rows = list(csv.DictReader(file))
    for row in (0, 30, 299, 350, 399):
        closes = from_ms(int(series.open_ms[row])) + timedelta(hours=1)
        seen = features_at(Candles.whole(series).until(closes))
        shown = seen.model_dump(exclude={"timeframe", "bars", "known_at", "close"})
        told = {name: float(rows[row][name]) if rows[row][name] else None for name in shown}
        assert told == shown
    assert float(rows[399]["volume_24"]) == pytest.approx(float(series.volume[-24:].sum()))
