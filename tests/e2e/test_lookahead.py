"""No decision sees what came after it: cut the data at T, or corrupt what follows, and compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.candles import Candles, Timeframe
from domain.clock import iso, to_ms
from market.sources.synthetic import SyntheticSource
from tests.e2e.command import plangate

SYMBOLS = ("BTC/USDT", "ETH/USDT")
BEGINS = datetime(2024, 1, 1, tzinfo=UTC)
CUT = BEGINS + timedelta(days=21, hours=11)
Row = list[str]


@pytest.fixture
async def rows() -> dict[str, list[Row]]:
    """File name to rows, of a synthetic market, to be written as files."""
    source = SyntheticSource(seed=11, days=30)
    await source.open(SYMBOLS)
    end = BEGINS + timedelta(days=30)
    tables: dict[str, list[Row]] = {}
    for symbol in SYMBOLS:
        name = symbol.replace("/", "")
        hourly = await source.candles(symbol, Timeframe.H1, end, 10_000)
        tables[f"{name}-1h.csv"] = candle_rows(hourly)
        stamps = await source.funding_stamps(symbol, BEGINS - timedelta(days=1), end)
        tables[f"{name}-funding.csv"] = [[str(to_ms(s.at)), str(s.rate_fraction)] for s in stamps]
    await source.close()
    return tables


def candle_rows(candles: Candles) -> list[Row]:
    columns = (candles.open_ms, candles.open, candles.high, candles.low, candles.close)
    return [
        [str(value) for value in row]
        for row in zip(*(c.tolist() for c in (*columns, candles.volume)), strict=True)
    ]


def write(folder: Path, tables: dict[str, list[Row]], change: Callable[[Row], Row | None]) -> Path:
    """Write the tables; rows that lie after the cut go through `change`."""
    folder.mkdir()
    for name, table in tables.items():
        funding = name.endswith("funding.csv")
        head = "timestamp,funding_rate" if funding else "timestamp,open,high,low,close,volume"
        step_ms = 0 if funding else Timeframe.H1.ms
        lines = [head]
        for row in table:
            late = int(row[0]) + step_ms > to_ms(CUT)
            kept = change(row) if late else row
            if kept is not None:
                lines.append(",".join(kept))
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def corrupt(row: Row) -> Row:
    """Another price, volume or rate, still well formed."""
    factor = 0.2 + (int(row[0]) // 1000 % 97) / 30
    return [row[0], *(repr(float(value) * factor) for value in row[1:])]


def decide(home: Path, folder: Path) -> dict[str, Any]:
    ran = plangate(
        home, "run", *SYMBOLS, "--market", f"files:{folder}", "--every", "8",
        "--from", iso(BEGINS + timedelta(days=16)), "--to", iso(CUT), "--session", "s", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return ran.document


def test_the_future_cut_off_or_corrupted_changes_nothing(
    tmp_path: Path, rows: dict[str, list[Row]]
) -> None:
    whole = decide(_home(tmp_path, "a"), write(tmp_path / "full", rows, lambda row: row))
    cut = decide(_home(tmp_path, "b"), write(tmp_path / "cut", rows, lambda _row: None))
    corrupted = decide(_home(tmp_path, "c"), write(tmp_path / "bad", rows, corrupt))
    assert len(whole["decisions"]) > 30
    assert any(d["versions"] for d in whole["decisions"])
    assert whole["fills"]
    assert whole["funding"]
    for other in (cut, corrupted):
        for part in ("decisions", "orders", "fills", "funding", "trades", "account"):
            assert other[part] == whole[part], part
    checked = plangate(tmp_path / "home-a", "lookahead", "s", "--json")
    assert (checked.code, checked.document["verdict"]) == (0, "clean"), checked.err
    early = decide(_home(tmp_path, "d"), write(tmp_path / "early", _early(rows), lambda row: row))
    assert early["decisions"] != whole["decisions"], "a changed past is not noticed either"


def _early(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The same corruption, of the day before the cut."""
    return {
        name: [corrupt(r) if _within_a_day_of_the_cut(r) else r for r in table]
        for name, table in tables.items()
    }


def _within_a_day_of_the_cut(row: Row) -> bool:
    return to_ms(CUT) - 86_400_000 < int(row[0]) <= to_ms(CUT) - Timeframe.H1.ms


def _home(tmp_path: Path, name: str) -> Path:
    home = tmp_path / f"home-{name}"
    home.mkdir()
    return home
