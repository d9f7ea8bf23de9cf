"""Own wall time of a decision at zero model latency, against bare LangGraph with the same nodes.

Both run the same node functions on the same data with the rules planner (no network). The bare run
has no checkpointer, and a recorder and journal in memory that keep nothing: what is compared is the
price of durable traces, checkpoints and the journal. Median of interleaved rounds; limit 2.0x.

A third row has the same nodes and edges with empty bodies: LangGraph's own price.
Run: python benchmarks/bench_decision.py
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from app.options import read_options
from app.settings import load_settings
from app.wire import Wired, wire_session
from domain.clock import FixedClock, parse_moment
from graph.build import NODES, build_graph
from graph.context import RunContext
from graph.run import Runner, open_saver
from traces.database import Database
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.tables import METADATA

ROUNDS = 60
START = parse_moment("2019-04-15")


class MemoryStore(TraceStore):
    """Texts in a dictionary, events nowhere."""

    def write(self, events: Any, runs: Any) -> None:
        """Keep nothing but the texts, which stay readable."""


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with (
            wire_session(_options("bench"), load_settings(), home / "a") as ours,
            wire_session(_options("bench"), load_settings(), home / "b") as other,
            open_saver(home / "checkpoints.db") as saver,
        ):
            durable = Runner(ours.context, saver)
            bare = build_graph(_without_traces(other, home)).compile()
            empty = _empty_graph(ours.context)
            times: dict[str, list[float]] = {"plangate": [], "same nodes, bare": [], "empty": []}
            for index in range(ROUNDS):
                slot = START + timedelta(hours=index)
                _move(ours, slot)
                _move(other, slot)
                state = {"symbol": "BTC/USD", "as_of": slot.isoformat()}
                times["plangate"].append(await _timed(durable.decide("BTC/USD", slot)))
                times["same nodes, bare"].append(await _timed(bare.ainvoke(state)))
                times["empty"].append(await _timed(empty.ainvoke(state)))
    base = median(times["same nodes, bare"][5:])
    for name, values in times.items():
        kept = values[5:]
        print(
            f"{name:<18} {1000 * median(kept):7.2f} ms ({1000 * min(kept):.2f}–"
            f"{1000 * max(kept):.2f})  {median(kept) / base:.2f}x"
        )


def _options(name: str) -> Any:
    return read_options(
        symbols=None, market="box", model="rules", base_url=None, timeframe="1h", every=1,
        start="2019-04-15", end="2019-06-15", capital=["10000"], policy=None, session=name,
        decisions=None, market_url=None, seed=7,
    )  # fmt: skip


def _without_traces(wired: Wired, home: Path) -> RunContext:
    store = MemoryStore(Database.open(home / "unused.db", METADATA), "bench")
    recorder = Recorder(store, Redactor({}), wired.context.clock)
    return replace(wired.context, recorder=recorder, journal=_Silent(wired.context.journal))  # type: ignore[arg-type]


class _Silent:
    """The journal without its writes."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        if name in {"record_decision", "commit_plan", "commit_exit"}:
            return lambda *_arguments, **_named: None
        return getattr(self._journal, name)


def _empty_graph(context: RunContext) -> Any:
    from langgraph.graph import END, START, StateGraph

    from graph.state import RunState

    async def nothing(_state: RunState) -> dict[str, Any]:
        return {"reason": ""}

    graph = StateGraph(RunState)
    path = ["observe", "plan", "call_tools", "review", "revise", "submit", "record"]
    assert set(path) == set(NODES)
    for name in path:
        graph.add_node(name, nothing)
    for before, after in zip([START, *path], [*path, END], strict=True):
        graph.add_edge(before, after)
    del context
    return graph.compile()


def _move(wired: Wired, slot: datetime) -> None:
    clock = wired.context.clock
    assert isinstance(clock, FixedClock)
    clock.advance_to(slot)


async def _timed(work: Any) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


if __name__ == "__main__":
    asyncio.run(main())
