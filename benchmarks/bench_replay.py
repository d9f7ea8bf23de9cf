"""Replay: a decision made again from its trace, against the same decision live at zero latency.

Both run the same graph over the shipped candles with the rules planner, which answers at once; live
takes the market, indicators, tools, journal and database. Medians of one run, interleaved; the
first decision warms up. Run: python benchmarks/bench_replay.py
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.options import SessionOptions
from app.settings import Settings
from app.wire import wire_session
from domain.clock import FixedClock, parse_moment
from graph.replay import Replayer
from graph.run import Runner

DECISIONS = 40
START = parse_moment("2019-04-15T01:00:00Z")


async def measure(home: Path) -> tuple[list[float], list[float]]:
    live, again = [], []
    options = SessionOptions((), session="bench", start=START, probe=False)
    async with wire_session(options, Settings(), home) as wired:
        context, clock = wired.context, wired.context.clock
        assert isinstance(clock, FixedClock)  # the shipped candles are a replay
        runner, replayer = Runner(context, None), Replayer(context.journal.database, "bench")
        for number in range(DECISIONS + 1):
            slot = START + number * timedelta(hours=1)
            clock.advance_to(slot)
            begun = perf_counter()
            final = await runner.decide(context.symbols[0], slot)
            middle = perf_counter()
            replayed = await replayer.replay(final["run_id"])
            ended = perf_counter()
            assert replayed.difference is None  # else the figure means nothing
            if number:
                live.append((middle - begun) * 1000)
                again.append((ended - middle) * 1000)
    return live, again


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        live, again = asyncio.run(measure(Path(folder)))
    print(f"{'live':<8} {median(live):8.1f} ms a decision (median of {len(live)})")
    print(f"{'replay':<8} {median(again):8.1f} ms, {median(again) / median(live):.2f} of it")


if __name__ == "__main__":
    main()
