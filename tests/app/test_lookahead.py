"""A session is lived again without its future: a clean one is equal, a planted leak is named."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.feed_file import read_feed_file
from app.home import DATABASE
from app.lookahead import look
from app.options import SessionOptions
from app.run_command import drive, made_session
from app.settings import Settings
from app.wire import Replaced, Wired, wire_session
from domain.book import OrderBook
from domain.candles import Candles, Timeframe
from domain.errors import ConfigError
from domain.snapshot import Funding
from graph.attention import Attention
from graph.run import Runner
from journal.operator import record_act
from market.protocol import MarketTrade, Tick
from market.sources.recorded import RecordedSource
from market.sources.synthetic import SyntheticSource
from traces.database import Database
from traces.tables import METADATA

H = timedelta(hours=1)
EXAMPLES = Path(__file__).parents[2] / "examples"
FEEDS = EXAMPLES / "feeds" / "offline.toml"
START = datetime(2024, 2, 1, tzinfo=UTC)
OPTIONS = SessionOptions(
    symbols=("BTC/USDT", "ETH/USDT"),
    market="synthetic",
    every=6,
    start=START,
    end=START + 12 * H,
    session="s",
)


class Quiet:
    """A view that shows nothing."""

    def begin(self, wired: Wired, slots: int | None) -> None: ...
    def decided(self, slot: datetime, final: dict[str, Any]) -> None: ...
    def trouble(self, words: str) -> None: ...
    def notice(self, words: str) -> None: ...


def lived(
    home: Path, source: RecordedSource | None = None, options: SessionOptions = OPTIONS
) -> None:
    """The session, in this process."""

    async def live() -> None:
        async with wire_session(
            options, Settings(), home, replaced=Replaced(source=source)
        ) as wired:
            session = made_session(wired, Runner(wired.context, None), options, Quiet())
            await drive(session, wired, options, Quiet())

    asyncio.run(live())


def looked(
    home: Path, monkeypatch: pytest.MonkeyPatch, source: RecordedSource | None = None
) -> Any:
    monkeypatch.setenv("PLANGATE_HOME", str(home))
    return look("s", lambda *_: None, source=source)


def test_a_session_that_saw_nothing_too_early_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path)
    found = looked(tmp_path, monkeypatch)
    assert found["verdict"] == "clean"
    assert found["decisions_count"] == 4
    assert found["texts_count"] > 25
    assert [(w["world"], w["equal_count"]) for w in found["worlds"]] == [
        ("ended", 4),
        ("corrupted", 4),
    ]
    assert found["certificates"]["count"] == 4
    assert found["certificates"]["broken_count"] == 0
    assert all(lag >= 0 for lag in found["certificates"]["least_lag_s"].values())

    database = Database.open(tmp_path / DATABASE, METADATA)
    record_act(database, "s", "deposit", "by hand", START, money=("USDT", Decimal(5000)))
    with database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET config = replace(config, '\"synthetic\"', '\"ccxt:binanceusdm\"')"
        )
    database.close()
    with pytest.raises(ConfigError, match="was live and cannot be lived again"):
        looked(tmp_path, monkeypatch)


def test_a_session_with_quiet_cycles_is_lived_again_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleepy = replace(OPTIONS, attention=Attention(heartbeat_count=4, move_atr_ratio=50))
    lived(tmp_path, options=sleepy)
    found = looked(tmp_path, monkeypatch)
    assert found["verdict"] == "clean"
    assert [world["equal_count"] for world in found["worlds"]] == [4, 4]


def test_charts_are_drawn_again_from_what_was_known_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path, options=replace(OPTIONS, vision=True, every=12))
    found = looked(tmp_path, monkeypatch)
    assert (found["verdict"], found["decisions_count"]) == ("clean", 2)
    assert [world["equal_count"] for world in found["worlds"]] == [2, 2]
    with Database.open(tmp_path / DATABASE, METADATA).read() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM trace_event WHERE kind='chart_drawn'")
        assert len(set(rows)) == 2


class PricePeek(SyntheticSource):
    """Tells the next close as the newest price, under an honest stamp."""

    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        tick = await super().tick(symbol, as_of)
        later = await super().tick(symbol, as_of + Timeframe.M5.delta)
        return tick and later and replace(tick, price=later.price)


class CandlePeek(SyntheticSource):
    """Moves its longer candles one to the left: each is told before it has begun."""

    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        if timeframe is not Timeframe.H4:
            return await super().candles(symbol, timeframe, as_of, bars)
        later = await super().candles(symbol, timeframe, as_of + timeframe.delta, bars + 1)
        series = replace(later.series, open_ms=later.series.open_ms - timeframe.ms)
        return Candles(series, later.start, later.stop)


class FundingPeek(SyntheticSource):
    """Knows the coming rate."""

    async def funding(self, symbol: str, as_of: datetime) -> Funding | None:
        known = await super().funding(symbol, as_of)
        coming = await super().funding(symbol, as_of + 8 * H)
        return known and coming and known.model_copy(update={"rate_fraction": coming.rate_fraction})


class BookPeek(SyntheticSource):
    """Leans its book to where the price goes."""

    async def book(self, symbol: str, as_of: datetime) -> OrderBook | None:
        book = await super().book(symbol, as_of)
        now, later = await self.tick(symbol, as_of), await self.tick(symbol, as_of + H)
        if book is None or now is None or later is None or later.price == now.price:
            return book
        best, share = book.bids[0], 2 if later.price > now.price else 3
        leaning = best._replace(quantity=best.quantity * share)
        return book.model_copy(update={"bids": (leaning, *book.bids[1:])})


@pytest.mark.parametrize(
    ("source", "datum"),
    [
        (PricePeek, "last: "),
        (CandlePeek, "features[1]."),
        (FundingPeek, "funding.rate_fraction: "),
        (BookPeek, "book.bids[0]"),
    ],
)
def test_a_planted_leak_is_caught_and_named(
    source: type[SyntheticSource], datum: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path, source(OPTIONS.seed, days=40))
    found = looked(tmp_path, monkeypatch, source(OPTIONS.seed, days=40))
    assert found["verdict"] == "differs"
    ended, _corrupted = found["worlds"]  # garbage may point where the truth does, for once
    assert ended["equal_count"] < 4
    assert ended["difference"]["what"] == "snapshot"
    assert any(words.startswith(datum) for words in ended["difference"]["data"]), ended


class ToolPeek(SyntheticSource):
    """Leaks to a tool alone: its trades are those of the coming minutes."""

    async def trades(self, symbol: str, as_of: datetime, limit: int) -> list[MarketTrade]:
        later = await super().trades(symbol, as_of + Timeframe.M5.delta, limit)
        return [replace(trade, at=min(trade.at, as_of)) for trade in later]


def test_a_leak_that_only_a_tool_shows_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(tmp_path, ToolPeek(OPTIONS.seed, days=40))
    found = looked(tmp_path, monkeypatch, ToolPeek(OPTIONS.seed, days=40))
    assert found["verdict"] == "differs"
    ended, _corrupted = found["worlds"]
    assert ended["difference"]["what"].partition("#")[0] == "tool order_book"


def test_a_session_with_feeds_is_lived_again_with_the_same_feeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANGATE_HOME", str(tmp_path))
    file = read_feed_file(FEEDS)
    short = replace(
        OPTIONS, end=START + 6 * H, feeds=file, feeds_hash=file.content_hash, symbols=("BTC/USDT",)
    )
    lived(tmp_path, options=short)
    with pytest.raises(ConfigError, match="--feeds FILE with what it had then"):
        look("s", lambda *_: None)
    limits = tmp_path / "tools.toml"
    limits.write_text("calls_per_decision_count = 3\n")
    with pytest.raises(ConfigError, match="no --tools"):
        look("s", lambda *_: None, feeds=FEEDS, tools=limits)
    assert look("s", lambda *_: None, feeds=FEEDS)["verdict"] == "clean"
