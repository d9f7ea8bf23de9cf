"""`plangate data`, in processes of its own, against an exchange on loopback."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.candles import Series, Timeframe
from domain.clock import iso, to_ms
from market.sources.files import FilesSource
from tests.e2e.command import FORKS, Ran, environment, plangate, play
from tests.servers.exchange_server import ExchangeServer

pytestmark = pytest.mark.timeout(300)
SYMBOL = "BTC/USDT:USDT"
START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=41)
END = START + timedelta(days=40)
GAP = slice(300, 305)
EACH = (
    "SELECT source, symbol, kind, open_ms, open, high, low, close, volume FROM market_candle "
    "JOIN market_series ON id = series",
    "SELECT source, symbol, kind, from_ms, to_ms FROM market_coverage "
    "JOIN market_series ON id = series",
    "SELECT source, symbol, kind, stamp_ms, value FROM market_funding "
    "JOIN market_series ON id = series",
    "SELECT source, symbol, kind, stamp_ms, value FROM market_open_interest "
    "JOIN market_series ON id = series",
    "SELECT series, stamp_ms, defect FROM market_flaw",
    "SELECT source, symbol, document FROM market_instrument",
)


def hours() -> Series:
    """Forty-one days until today, five hours of them missing."""
    count = 41 * 24
    close = np.round(
        20_000 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.004, count))), 1
    )
    opened = np.concatenate([[20_000.0], close[:-1]])
    keep = np.ones(count, np.bool_)
    keep[GAP] = False
    columns = (
        opened,
        np.maximum(opened, close) + 5,
        np.minimum(opened, close) - 5,
        close,
        close / 9,
    )
    stamps = to_ms(START) + np.arange(count, dtype=np.int64) * 3_600_000
    return Series(Timeframe.H1, stamps[keep], *(np.round(column[keep], 3) for column in columns))


def rows(home: Path) -> list[list[Any]]:
    with closing(sqlite3.connect(home / "plangate.db")) as file:
        return [sorted(file.execute(query).fetchall()) for query in EACH]


def pages(home: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{home / 'plangate.db'}?mode=ro", uri=True)) as file:
            return int(file.execute("SELECT count(*) / 900 FROM market_candle").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def words(url: str, *more: str) -> tuple[str, ...]:
    return (
        *("data", "sync", SYMBOL, "--market", "ccxt:binanceusdm", "--market-url", url),
        *(
            "--timeframe",
            "15m,1h",
            "--from",
            iso(START),
            "--to",
            iso(END),
            "--as",
            "binanceusdm",
            *more,
        ),
    )


async def run(home: Path, *said: str) -> Ran:
    return await asyncio.to_thread(plangate, home, *said)


async def killed_half_way(home: Path, command: tuple[str, ...]) -> None:
    out, err = str(home / "out"), str(home / "err")
    process = FORKS.Process(target=play, args=(command, environment(home), str(home), out, err))
    process.start()
    while pages(home) < 2 and process.is_alive():
        await asyncio.sleep(0.01)
    process.kill()
    await asyncio.to_thread(process.join)
    assert process.exitcode == -9, (home / "err").read_text()


async def test_a_sync_that_is_killed_half_way_and_resumed_keeps_what_an_undisturbed_one_does(
    tmp_path: Path,
) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    rough.mkdir()
    async with ExchangeServer({SYMBOL: hours()}) as server:
        first = await run(calm, *words(server.url), "--json")
        assert first.code == 0, first.err
        await killed_half_way(rough, words(server.url))
        server.failures = [(429, '{"code":-1003,"msg":"Too many requests."}')] * 2
        resumed = await run(rough, *words(server.url), "--json")
        assert resumed.code == 0, resumed.err
        assert rows(rough) == rows(calm)
    assert len(rows(calm)[0]) > 4_000
    quarter, hour, funding, interest = first.document["series"]
    assert (quarter["added"], hour["added"]) == (41 * 96 - 21, 41 * 24 - 6)
    gap = (START + timedelta(hours=300), START + timedelta(hours=305))
    assert hour["gaps"] == [{"from": iso(gap[0]), "to": iso(gap[1])}]
    assert (funding["kind"], funding["added"]) == ("funding", 123)
    assert (interest["kind"], interest["added"]) == ("open_interest", 40 * 24)
    assert interest["unanswered"] == []
    checked = await run(rough, "data", "verify")
    assert checked.code == 0, checked.out
    assert "0 findings in 4 series" in checked.out


async def test_changed_candles_are_found_and_what_is_kept_is_replayed_and_written_out(
    tmp_path: Path,
) -> None:
    series = hours()
    close = series.close.copy()
    close[10] += 1
    async with ExchangeServer({SYMBOL: series}) as server:
        ran = await run(tmp_path, *words(server.url, "--timeframe", "1h"), "--json")
        assert ran.code == 0, ran.err
    mended = replace(series, close=close, high=np.maximum(series.high, close))
    online = ("data", "verify", "--as", "binanceusdm", "--online")
    async with ExchangeServer({SYMBOL: mended}) as server:
        found = await run(tmp_path, *online, "--market-url", server.url)
        assert found.code == 3, found.out + found.err
        assert f"{iso(START + timedelta(hours=10))}: kept" in found.out
        said = words(server.url, "--timeframe", "1h", "--again")
        again = await run(tmp_path, *said, "--json")
        assert [len(one["revised"]) for one in again.document["series"]] == [1, 0, 0]
    status = await run(tmp_path, "data", "status", "--json")
    hour = status.document["series"][0]
    assert (hour["kind"], hour["missing"], len(hour["revisions"])) == ("1h", 5, 1)
    doctor = await run(tmp_path, "doctor", "--market", "store:binanceusdm", "--json")
    assert doctor.code == 0, doctor.err
    told = {c["name"]: c for c in doctor.document["checks"]}
    kept = told[f"{SYMBOL} 1h"]
    assert (kept["status"], kept["facts"]["rows"], kept["facts"]["missing"]) == ("note", 978, 5)
    assert 0 < kept["facts"]["age_s"] < 3 * 86_400
    assert told["market"]["detail"].startswith("store:binanceusdm: 1h candles")
    unknown = await run(tmp_path, "doctor", "--market", "store:kraken")
    assert unknown.code == 3
    assert f"it holds: binanceusdm {SYMBOL}" in " ".join(unknown.out.split())
    exported = await run(tmp_path, "data", "export", "folder", "--json")
    assert [one["rows"] for one in exported.document["files"]] == [978, 123, 960]
    begin = START + timedelta(days=30)
    window = (
        "--from",
        iso(begin),
        "--to",
        iso(begin + timedelta(days=2)),
        "--every",
        "8",
        "--json",
    )
    ran = await run(tmp_path, "run", "BTC/USDT", "--market", "store:binanceusdm", *window)
    assert ran.code == 0, ran.err
    assert len(ran.document["decisions"]) == 6
    files = FilesSource(tmp_path / "folder")
    await files.open(["BTC/USDT"])
    assert len(files.market("BTC/USDT").base) == 978
