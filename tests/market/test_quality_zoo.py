"""Each known defect, let in by both doors: the page tells what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.candles import Timeframe
from market.observe import Observer
from market.protocol import MarketSource
from market.sources.exchange import ExchangeSource
from market.sources.stored import StoredSource
from market.store.store import MarketStore
from tests.market.handmade import walk
from tests.market.quality_zoo import (
    BARS,
    NOW,
    PAGE,
    PERPETUAL,
    ZOO,
    Specimen,
    StillClock,
    by_file,
    open_then_spoil,
    page_with,
    table,
)
from tests.market.store.handmade import store_in
from tests.servers.flawed_exchange import FlawedExchange


async def test_the_page_tells_what_became_of_each_defect() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_with(await table()), (
        "renew it: python -m tests.market.quality_zoo"
    )


@pytest.mark.parametrize("name", [s.name for s in ZOO if "file" in s.doors])
async def test_no_defect_of_a_file_passes_in_silence(name: str, tmp_path: Path) -> None:
    specimen = next(s for s in ZOO if s.name == name)
    assert await by_file(specimen, tmp_path) != ("no flag",)


async def flags(source: MarketSource, at: datetime) -> list[str]:
    """What a snapshot says of everything but the book, which is kept nowhere."""
    seen = await Observer(source, Timeframe.H1, [PERPETUAL]).snapshot(PERPETUAL, at)
    return [str(flag) for flag in seen.quality if flag.datum != "book"]


async def looked_at(
    server: FlawedExchange, store: MarketStore, specimen: Specimen, at: datetime
) -> list[str]:
    """A live process that starts, reads through the store, looks once, and ends."""
    source = ExchangeSource(
        *("binanceusdm", StillClock(at), server.url, Timeframe.H1), store=store, keep_as="kept"
    )
    try:
        await open_then_spoil(source, server, specimen, at)
        return await flags(source, at)
    finally:
        await source.close()


@pytest.mark.parametrize(
    "name",
    [s.name for s in ZOO if "exchange" in s.doors and not s.decision.startswith("Refused")],
)
async def test_a_replay_from_the_store_shows_the_flaws_that_were_shown_live(
    name: str, tmp_path: Path
) -> None:
    specimen, store = next(s for s in ZOO if s.name == name), store_in(tmp_path)
    at = NOW + timedelta(seconds=2)
    async with FlawedExchange({PERPETUAL: walk(BARS + 2)}, NOW) as server:
        live = await looked_at(server, store, specimen, at)
        server.move_to(NOW + timedelta(hours=2))
        await looked_at(server, store, specimen, server.now())
    replay = StoredSource(store, "kept")
    await replay.open([PERPETUAL])
    assert await flags(replay, at) == live
