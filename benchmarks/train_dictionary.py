"""Trains a dictionary for recorded texts and says what it gives on sessions it has not seen.

The texts are plangate's own: rules, schemas of tools, snapshots, cases, verdicts, and the answers
of every tool, over synthetic and shipped candles. Nothing of a user is in it. The file's number is
never used again: texts in databases name it. The same release of `zstandard` and the same texts
come to the same dictionary. Run: python benchmarks/train_dictionary.py NUMBER; without a number
the newest one is only measured.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from sqlalchemy import select

from app.options import read_options
from app.settings import Settings
from app.wire import Wired, wire_session
from domain.clock import FixedClock, parse_moment
from graph.run import Runner, open_saver
from tools.desk import Spent, ToolCall
from tools.protocol import ToolRequest
from traces.blobs import read_blob
from traces.database import Database
from traces.packing import COMPRESSED_ABOVE_BYTES, DICTIONARIES, LEVEL, NEWEST, dictionary
from traces.tables import METADATA

SIZE_BYTES = 65_536


class Lived(NamedTuple):
    """A session whose texts are taken."""

    market: str
    seed: int
    start: str
    timeframe: str
    personality: str | None


LEARNT = (
    Lived("synthetic", 1, "2024-02-01", "1h", None),
    Lived("synthetic", 2, "2024-06-01", "15m", "conservative"),
    Lived("synthetic", 3, "2024-04-01", "4h", "contrarian"),
    Lived("box", 7, "2019-04-01", "1h", "aggressive"),
)
UNSEEN = (
    Lived("synthetic", 11, "2024-09-01", "1h", None),
    Lived("box", 7, "2018-07-01", "4h", "trend"),
)
DECISIONS = 24
"""Of each session."""


async def main(number: int | None) -> None:
    unseen = [text for one in UNSEEN for text in await _texts(one)]
    if number is not None:
        path = DICTIONARIES / f"{number}.zdict"
        assert not path.exists(), f"{path} is there: databases count on it"
        learnt = [text for one in LEARNT for text in await _texts(one)]
        samples = [raw for text in learnt if len(raw := text.encode()) > COMPRESSED_ABOVE_BYTES]
        made = zstandard.train_dictionary(SIZE_BYTES, samples, level=LEVEL, threads=0)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(made.as_bytes())
        print(f"{path.name}: {len(samples)} texts, {sum(map(len, samples)) / 1e6:.2f} MB")
    else:
        number = NEWEST
    _measure(unseen, number)


def _measure(texts: list[str], number: int) -> None:
    plain = sum(len(text.encode()) for text in texts)
    print(f"unseen: {len(texts)} texts, {plain / 1e6:.2f} MB")
    for name, options in (
        (f"zstd-{LEVEL}", {}),
        (f"with dictionary {number}", {"dict_data": dictionary(number)}),
    ):
        packer = zstandard.ZstdCompressor(LEVEL, **options)
        packed = sum(min(len(text.encode()), len(packer.compress(text.encode()))) for text in texts)
        print(f"{name:<20} {packed / 1e6:.3f} MB, 1/{plain / packed:.2f}")


async def _texts(lived: Lived) -> list[str]:
    """Every text that a session records, in the order of their hashes."""
    with tempfile.TemporaryDirectory() as folder:
        async with _session(lived, Path(folder)) as wired, open_saver(Path(folder) / "c") as saver:
            clock, runner = wired.context.clock, Runner(wired.context, saver)
            assert isinstance(clock, FixedClock)
            for number in range(DECISIONS):
                clock.advance_to(clock.now() + timedelta(hours=8))
                await runner.decide(wired.context.symbols[0], clock.now())
                if number % 4 == 0:
                    await _ask_every_tool(wired)
            wired.context.recorder.flush()
        return _stored(Path(folder))


def _stored(folder: Path) -> list[str]:
    database = Database.open(folder / "plangate.db", METADATA)
    blobs = METADATA.tables["trace_blob"]
    with database.read() as connection:
        names = connection.execute(select(blobs.c.hash).order_by(blobs.c.hash)).scalars().all()
        texts = [read_blob(connection, name) for name in names]
    database.close()
    return texts


async def _ask_every_tool(wired: Wired) -> None:
    context = wired.context
    request = ToolRequest(
        source=context.source,
        symbol=context.symbols[0],
        symbols=context.symbols,
        timeframe=context.timeframe.value,
        as_of=context.clock.now(),
        feeds=context.feeds,
        journal=context.journal,
        policy=context.policy,
        review=_no_review,
    )
    for name in context.desk.names:
        spent = Spent(remaining_s=60)
        for told in await context.desk.answer([ToolCall("t", name, {})], request, spent):
            context.recorder.blob(told.content)


async def _no_review(draft: Any) -> Any:
    raise AssertionError(draft)


@asynccontextmanager
async def _session(lived: Lived, home: Path) -> AsyncIterator[Wired]:
    options = read_options(
        symbols=[], market=lived.market, model="rules", base_url=None,
        timeframe=lived.timeframe, every=1, start=f"{lived.start}T00:00:00Z", end=None,
        capital=None, policy=None, session="learnt", market_url=None, seed=lived.seed,
        personality=lived.personality,
    )  # fmt: skip
    async with wire_session(options, Settings(), home) as wired:
        assert isinstance(wired.context.clock, FixedClock)
        wired.context.clock.advance_to(parse_moment(f"{lived.start}T00:00:00Z"))
        yield wired


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else None))
