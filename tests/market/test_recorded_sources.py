"""Box, files and funding histories: facts of the data and faults of files."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from domain.candles import Timeframe
from domain.clock import FixedClock, from_ms
from domain.errors import ConfigError, DataError, UnknownSymbol
from market.protocol import INTEREST_TOLD_AFTER
from market.sources.box import DATA, BoxSource
from market.sources.exchange_funding import PaymentHistory
from market.sources.files import FilesSource
from market.sources.funding import funding_history
from market.sources.open import make_source

HOUR = 3_600_000
START = 1_672_531_200_000
HEADER = "timestamp,open,high,low,close,volume\n"
BASICS = "100,101.5,99,100.25,5"


def candles(count: int = 6, timeframe_ms: int = HOUR, body: str = BASICS) -> str:
    return HEADER + "".join(f"{START + n * timeframe_ms},{body}\n" for n in range(count))


async def load(folder: Path, symbol: str = "BTC/USDT") -> FilesSource:
    source = FilesSource(folder)
    await source.open([symbol])
    return source


async def test_the_box_holds_what_it_says() -> None:
    source = BoxSource()
    await source.open(["BTC/USD"])
    base = source.market("BTC/USD").base
    assert len(base) == 9_554
    assert int(np.count_nonzero(base.volume == 0)) == 19
    assert source.info.starts_at == datetime(2018, 6, 1, tzinfo=UTC)
    assert source.info.ends_at == datetime(2019, 7, 4, 1, tzinfo=UTC)
    assert source.info.offers == frozenset()
    assert source.instrument("BTC/USD").kind == "spot"
    assert (base.low.min(), base.high.max()) == (3130.0, 13868.44)


async def test_a_box_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    text = gzip.decompress(DATA.read_bytes()).replace(b"7485.0,7522.0", b"7485.0,7523.0", 1)
    copy = tmp_path / DATA.name
    copy.write_bytes(gzip.compress(text, mtime=0))
    with pytest.raises(DataError, match="SHA-256"):
        await BoxSource(copy).open(["BTC/USD"])
    with pytest.raises(DataError, match="install plangate again"):
        await BoxSource(tmp_path / "none").open(["BTC/USD"])


async def test_the_box_names_its_one_symbol() -> None:
    with pytest.raises(UnknownSymbol, match="BTC/USD"):
        await BoxSource().open(["BTC/EUR"])


@pytest.mark.parametrize("typed", ["BTC/USDT", "BTC/USDT:USDT", "BTCUSDT", "btcusdt"])
async def test_a_symbol_may_be_typed_in_several_ways(tmp_path: Path, typed: str) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    source = await load(tmp_path, typed)
    assert source.instrument(typed).symbol == "BTC/USDT"
    await source.open(["BTC/USDT"])
    assert source.market(typed).base is source.market("BTC/USDT").base


async def test_a_funding_file_makes_a_perpetual(tmp_path: Path) -> None:
    (tmp_path / "ETHBTC-1h.csv").write_text(candles())
    spot = (await load(tmp_path, "ETH/BTC")).instrument("ETH/BTC")
    assert (spot.kind, spot.quote, spot.taker_fee_fraction) == ("spot", "BTC", Decimal("0.001"))
    (tmp_path / "ETHBTC-funding.csv").write_text(f"timestamp,funding_rate\n{START + 3},0.0001\n")
    source = await load(tmp_path, "ETH/BTC")
    assert source.instrument("ETH/BTC").kind == "perpetual"
    assert source.info.offers == {"funding"}


async def test_steps_are_read_off_the_numbers(tmp_path: Path) -> None:
    body = "0.5668,0.615,0.547,0.6011,1764099928.9"
    (tmp_path / "XRPUSDT-1h.csv").write_text(candles(body=body))
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    source = await load(tmp_path, "XRP/USDT")
    await source.open(["BTC/USDT"])
    ripple, bitcoin = source.instrument("XRP/USDT"), source.instrument("BTC/USDT")
    assert (ripple.price_tick, ripple.quantity_step) == (Decimal("0.0001"), Decimal("0.1"))
    assert (bitcoin.price_tick, bitcoin.quantity_step) == (Decimal("0.01"), Decimal("0.001"))


async def test_a_given_timeframe_is_taken_from_its_file_and_others_are_derived(
    tmp_path: Path,
) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles(60))
    own = candles(15, 4 * HOUR, "100,150,50,100,1")
    (tmp_path / "BTCUSDT-4h.csv.gz").write_bytes(gzip.compress(own.encode()))
    (tmp_path / "BTCUSDT-mark-8h.csv").write_text("not looked at")
    (tmp_path / "notes.txt").write_text("not looked at")
    source = await load(tmp_path)
    at = from_ms(START + 60 * HOUR)
    four = await source.candles("BTC/USDT", Timeframe.H4, at, 99)
    day = await source.candles("BTC/USDT", Timeframe.D1, at, 99)
    assert four.high[0] == 150
    assert day.high.tolist() == [101.5, 101.5]
    assert source.info.base_timeframe is Timeframe.H1
    assert source.info.ends_at == from_ms(START + 59 * HOUR)
    with pytest.raises(DataError, match="cannot make 5m"):
        await source.candles("BTC/USDT", Timeframe.M5, at, 9)


async def test_further_columns_and_their_order_do_not_matter(tmp_path: Path) -> None:
    text = f'"volume",close,low,high,open,trades,timestamp\r\n5,100,99,101,100,many,{START}\r\n'
    (tmp_path / "BTCUSDT-1h.csv").write_text(text)
    base = (await load(tmp_path)).market("BTC/USDT").base
    assert (base.volume[0], base.high[0], base.low[0]) == (5, 101, 99)


async def test_open_interest_is_known_some_minutes_after_its_stamp(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles(9))
    rows = f"{START},10.5,1\n{START + 4 * HOUR},11,1\n"
    (tmp_path / "BTCUSDT-open-interest-4h.csv").write_text(
        "timestamp,sum_open_interest,sum_open_interest_value\n" + rows
    )
    source = await load(tmp_path)
    told = from_ms(START + 4 * HOUR) + INTEREST_TOLD_AFTER
    assert await source.open_interest("BTC/USDT", told) == 11
    assert await source.open_interest("BTC/USDT", told - timedelta(seconds=1)) == Decimal("10.5")
    assert await source.open_interest("BTC/USDT", from_ms(START)) is None
    assert "open_interest" in source.info.offers


GOOD = [f"{START + n * HOUR},{BASICS}\n" for n in range(6)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "lacks timestamp"]),
        (HEADER, ["no rows"]),
        (f"{START},100,101,99,100,5\n", ["line 1", "lacks", "timestamp,open,high"]),
        ("timestamp,open,high,low,close\n", ["lacks volume"]),
        (HEADER + GOOD[0] + "yesterday,1,2,1,1,1\n", ["line 3", "timestamp is 'yesterday'"]),
        (HEADER + GOOD[0] + f"{START + HOUR},1,,1,1,1\n", ["line 3", "high is ''"]),
        (HEADER + GOOD[0] + f"{START + HOUR},1,2\n", ["line 3", "3 columns"]),
        (HEADER + GOOD[0] + f"{START + HOUR},100,5,101,5,99,5,100,5,7,0\n", ["line 3", "a point"]),
        (HEADER + GOOD[0] + "\n" + GOOD[1], ["line 3", "blank"]),
        (HEADER + f"{START}.5,{BASICS}\n", ["line 2", "whole milliseconds"]),
        (HEADER + f"nan,{BASICS}\n", ["line 2", "whole milliseconds"]),
    ],
)
async def test_a_faulty_file_is_named_with_its_line(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        await load(tmp_path)
    for word in ["BTCUSDT-1h.csv", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("number", ["٣٤", "1_00.0", '"1_00.0"'])
async def test_numbers_that_only_python_reads_are_refused_with_their_line(
    tmp_path: Path, number: str
) -> None:
    text = HEADER + GOOD[0] + f"{START + HOUR},{number},101.5,99,100.25,5\n"
    (tmp_path / "BTCUSDT-1h.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"line 3: open is .* expected to be a number"):
        await load(tmp_path)


@pytest.mark.parametrize("stamp", ["1e30", "-1e30", "9223372036854775808", "inf"])
async def test_a_stamp_beyond_64_bits_is_refused_without_a_warning(
    tmp_path: Path, stamp: str
) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(HEADER + GOOD[0] + f"{stamp},{BASICS}\n")
    with pytest.raises(DataError, match=r"line 3: timestamp .* whole milliseconds"):
        await load(tmp_path)


async def test_a_column_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    text = f"timestamp,open,high,low,close,volume,Close\n{START},{BASICS},7\n"
    (tmp_path / "BTCUSDT-1h.csv").write_text(text)
    with pytest.raises(DataError, match=r"line 1: .* names close more than once"):
        await load(tmp_path)


async def test_broken_bytes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-1h.csv.gz"
    path.write_bytes(gzip.compress(candles().encode())[:-9])
    with pytest.raises(DataError, match="no whole gzip file"):
        await load(tmp_path)
    path.write_bytes(b"timestamp")
    with pytest.raises(DataError, match="no whole gzip file"):
        await load(tmp_path)
    path.write_bytes(gzip.compress(b"\xff\xfe\x00"))
    with pytest.raises(DataError, match="no UTF-8 text"):
        await load(tmp_path)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (f"{START},0.1\n{START},0.1\n", "line 3"),
        (f"{START},nan\n", "funding_rate is nan"),
        (f"{START},much\n", "'much'"),
    ],
)
async def test_a_faulty_funding_file_is_named(tmp_path: Path, rows: str, words: str) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    (tmp_path / "BTCUSDT-funding.csv").write_text("timestamp,funding_rate\n" + rows)
    with pytest.raises(DataError, match=words):
        await load(tmp_path)


@pytest.mark.parametrize("rate", ["1", "-1.0", "30"])
async def test_a_funding_rate_of_the_whole_notional_is_refused(tmp_path: Path, rate: str) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    (tmp_path / "BTCUSDT-funding.csv").write_text(
        f"timestamp,funding_rate\n{START},-0.99\n{START + HOUR},{rate}\n"
    )
    with pytest.raises(DataError) as caught:
        await load(tmp_path)
    for word in ["funding.csv, line 3", f"is {float(rate)!r}", "between -1 and 1"]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("1h", "open,high,low,close,volume"),
        ("funding", "funding_rate"),
        ("open-interest-1h", "sum_open_interest"),
    ],
)
async def test_stamps_in_seconds_are_refused_alike_in_every_kind_of_file(
    tmp_path: Path, name: str, column: str
) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    row = BASICS if name == "1h" else "0.5"
    path = tmp_path / f"BTCUSDT-{name}.csv"
    path.write_text(f"timestamp,{column}\n{START // 1000},{row}\n")
    with pytest.raises(DataError) as caught:
        await load(tmp_path)
    assert str(caught.value) == (
        f"{path}, line 2 (1970-01-20T08:35:31.200000Z): timestamp 1672531200 looks like seconds, "
        "was expected in milliseconds since 1970; convert the column"
    )


async def test_payments_within_one_second_of_a_file_are_duplicates(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    (tmp_path / "BTCUSDT-funding.csv").write_text(
        f"timestamp,funding_rate\n{START},0.1\n{START + HOUR},0.1\n{START + HOUR + 999},0.2\n"
    )
    with pytest.raises(DataError, match=r"funding\.csv, lines 3 and 4 .*duplicate"):
        await load(tmp_path)


def test_of_payments_within_one_second_the_first_is_kept() -> None:
    stamps = START + np.array([0, 7, HOUR, HOUR + 1000])
    history = funding_history(stamps, [Decimal(n) for n in range(4)])
    assert history.stamps_ms.tolist() == [START, START + HOUR, START + HOUR + 1000]
    assert history.rates == (0, 2, 3)


async def test_an_exchange_that_lists_a_payment_twice_is_read_with_the_first() -> None:
    async def fetch(since_ms: int) -> list[dict[str, object]]:
        stamps = {START + 3: 0.1, START + 9: 0.2, START + HOUR: 0.3}
        return [{"timestamp": s, "fundingRate": r} for s, r in stamps.items() if s >= since_ms]

    history = await PaymentHistory(fetch, lambda: from_ms(START)).covering(START, START + 2 * HOUR)
    assert history.stamps_ms.tolist() == [START, START + HOUR]
    assert history.rates == (Decimal("0.1"), Decimal("0.3"))


async def test_a_folder_must_be_there_and_hold_candles(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        await load(tmp_path / "nowhere")
    with pytest.raises(DataError, match="BTCUSDT-1h"):
        await load(tmp_path)
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    with pytest.raises(UnknownSymbol, match="did you mean BTC/USDT"):
        await load(tmp_path, "BTC/USDC")
    (tmp_path / "BTCUSDT-1h.csv.gz").write_bytes(gzip.compress(candles().encode()))
    with pytest.raises(DataError, match="remove one"):
        await load(tmp_path)


def test_funding_is_known_from_its_whole_second_on() -> None:
    day = START + np.arange(5) * 8 * HOUR
    history = funding_history(day + np.array([0, 8, 3, 1, 999]), [Decimal(n) for n in range(5)])
    at = from_ms(int(day[2]))
    known, before = history.as_of(at), history.as_of(at - timedelta(milliseconds=1))
    assert known is not None
    assert before is not None
    assert (known.rate_fraction, known.known_at, known.interval_hours) == (2, at, 8)
    assert known.next_at == at + timedelta(hours=8)
    assert known.recent_rates == (0, 1, 2)
    assert (before.rate_fraction, before.next_at) == (1, at)
    assert history.as_of(from_ms(START - 1)) is None
    assert [s.at for s in history.between(at - timedelta(hours=8), at)] == [at]


def test_the_next_payment_lies_ahead_even_where_payments_are_missing() -> None:
    history = funding_history(np.array([START, START + HOUR]), [Decimal(0), Decimal(0)])
    late = history.as_of(from_ms(START + 30 * HOUR))
    assert late is not None
    assert late.interval_hours == 1
    assert late.next_at == from_ms(START + 31 * HOUR)


def test_later_payments_do_not_change_the_interval_known_before() -> None:
    stamps = START + np.cumsum([0, 8, 8, 8, 1, 1, 1, 1, 1, 1, 1]) * HOUR
    history = funding_history(stamps, [Decimal(0)] * len(stamps))
    known = history.as_of(from_ms(int(stamps[3])))
    assert known is not None
    assert known.interval_hours == 8


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("box", "box"),
        ("synthetic", "synthetic:5"),
        ("synthetic:11", "synthetic:11"),
    ],
)
async def test_a_source_is_made_from_its_name(spec: str, name: str) -> None:
    source = make_source(spec, clock=FixedClock(from_ms(START)), seed=5)
    await source.open(["BTC/USD"])
    assert source.info.name == name


@pytest.mark.parametrize(
    "spec",
    [
        "bax",
        "box:1",
        "files:",
        "ccxt:",
        "synthetic:x",
        "synthetic:",
        "synthetic:٣",
        "synthetic:-1",
        "",
    ],
)
def test_an_unknown_market_names_the_forms(spec: str) -> None:
    with pytest.raises(
        ConfigError,
        match=r"expected box, synthetic\[:SEED\], files:PATH, store:NAME, ccxt:EXCHANGE.* or ib:",
    ):
        make_source(spec, clock=FixedClock(from_ms(START)))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed -1 was expected at or above 0"):
        make_source("synthetic", clock=FixedClock(from_ms(START)), seed=-1)


async def test_a_folder_is_a_market(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-1h.csv").write_text(candles())
    source = make_source(f"files:{tmp_path}", clock=FixedClock(from_ms(START)))
    await source.open(["BTC/USDT"])
    assert source.info.name == f"files:{tmp_path.name}"
    assert source.info.origin == "recorded"


async def test_a_folder_is_the_same_market_however_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "X").mkdir()
    (tmp_path / "X" / "BTCUSDT-1h.csv").write_text(candles())
    infos = []
    for typed in ("X", "X/", "./X", "X//."):
        source = make_source(f"files:{tmp_path}/{typed}", clock=FixedClock(from_ms(START)))
        await source.open(["BTC/USDT"])
        infos.append(source.info)
    assert [info == infos[0] for info in infos] == [True] * 4
    assert repr(str(tmp_path / "X")) in infos[0].description
