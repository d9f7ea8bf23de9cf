"""Traces: what a run stores against its unique text, and how long recording holds a decision up.

Storage counts the growth of both files on disk over several runs: database (events, texts) and
LangGraph's checkpoints, with the state holding hashes as ours does. `messages in state` is the
same graph with the texts in a list that every checkpoint repeats. Aim <= 1.2x of the unique text,
limit 2x, at 10 and at 40 steps. A run of 8 calls that sends its growing history again each time is
held against the full prompts: aim 1/30 a call, limit 1/8; beside it, decisions of 8 calls as the
graph makes and records them over shipped candles. Recording one model call (8 KB of new
text, two events, one flush) is held against one SQLModel row with the whole prompt, added and
committed as SQLModel does by default: aim <= 1/10, limit 1/3.
Run: python benchmarks/bench_traces.py
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from operator import add
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from sqlmodel import Field, Session, SQLModel, create_engine

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent.models import NamedModel
from agent.planner import Planner
from agent.scripted_model import ScriptedModel, Step
from app.options import SessionOptions
from app.settings import Settings
from app.wire import wire_session
from domain.clock import EPOCH, FixedClock, parse_moment
from graph.caps import Caps
from graph.run import Runner, open_saver
from traces import events as ev
from traces.database import Database
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore
from traces.tables import METADATA

ROOT = Path(__file__).parents[1]
RUNS = 4
CALL_RUNS = 20
SYSTEM_BYTES = 4_600
STEP_BYTES = 4_000
CALLS = 400
PROMPT_BYTES = 8_074
ROUNDS = 5
FIRST = parse_moment("2019-04-15T01:00:00Z")
LOOKS: list[Step] = [
    [("ohlcv", {"bars": 64})],
    [("indicators", {})],
    [("regime", {})],
    [("ohlcv", {"bars": 48, "timeframe": "4h"})],
    [("indicators", {"names": ["adx", "stoch_rsi"], "timeframe": "4h"})],
    [("calendar", {})],
    [("ohlcv", {"bars": 90, "timeframe": "1d"})],
]
NO_TRADE: Step = [("no_trade", {"reason": "The range is as narrow as the costs of a trade in it."})]
PLAN: Step = [
    (
        "propose_plan",
        {
            "side": "long",
            "targets": [{"price": 5_200}],
            "invalidation": 4_000,
            "horizon_bars": 24,
            "thesis": "The range broke upwards while volume rose; averages point the same way.",
            "confidence": 0.6,
        },
    )
]


class Row(SQLModel, table=True):
    """What a plain trace table would hold: the prompt as it is."""

    id: int | None = Field(default=None, primary_key=True)
    prompt: str


class State(TypedDict):
    """Messages, or the hashes that stand for them."""

    messages: Annotated[list[str], add]
    step: int


def text_of(source: random.Random, size: int) -> str:
    """Candles as a tool answers them: no two texts alike, and digits do not compress well."""
    rows: list[str] = []
    while sum(map(len, rows)) < size:
        price = 30_000 + 5_000 * source.random()
        rows.append(f'{{"close":{price:.2f},"volume":{source.random() * 900:.4f}}},')
    return "".join(rows)[:size]


def recorder_in(folder: Path) -> Recorder:
    database = Database.open(folder / "plangate.sqlite", METADATA)
    redactor = Redactor({"OPENAI_API_KEY": "sk-proj-0123456789abcdef0123"})
    return Recorder(TraceStore(database, "bench"), redactor, FixedClock(EPOCH))


def record_call(to: Recorder, run_id: str, messages: list[str], answer: str) -> None:
    prompt = ev.PromptSent(messages=messages, tools=messages[0], tokens=1, tokens_from="tiktoken")
    to.record(run_id, "plan", prompt)
    to.record(
        run_id,
        "plan",
        ev.ModelAnswered(
            message=answer,
            latency_ms=900.0,
            input_tokens=2_000,
            output_tokens=200,
            cached_tokens=0,
            tokens_from="provider",
            cost_usd=None,
            finish_reason="stop",
        ),
    )
    to.flush()


def run_once(
    folder: Path, to: Recorder | None, run_id: str, texts: list[str], keep: Callable[[str], str]
) -> None:
    """One graph run that adds one message a step, checkpointed at every step."""

    def step(state: State) -> dict[str, Any]:
        name = keep(texts[state["step"] + 1])
        if to is not None:
            record_call(to, run_id, state["messages"], name)
        return {"messages": [name], "step": state["step"] + 1}

    graph = StateGraph(State)
    graph.add_node("step", step)
    graph.add_edge(START, "step")
    graph.add_conditional_edges(
        "step", lambda state: END if state["step"] == len(texts) - 1 else "step"
    )
    with closing(sqlite3.connect(folder / "checkpoints.sqlite", check_same_thread=False)) as file:
        graph.compile(checkpointer=SqliteSaver(file)).invoke(
            {"messages": [keep(texts[0])], "step": 0},
            {"configurable": {"thread_id": run_id}, "recursion_limit": len(texts) + 2},
            durability="sync",
        )


def size_of(folder: Path) -> int:
    """Bytes of every database in the folder, its log written back first."""
    for path in folder.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return sum(path.stat().st_size for path in folder.iterdir())


def stored_per_run(folder: Path, steps: int, *, hashes: bool) -> tuple[float, float]:
    """Bytes a run adds on disk, and bytes of its unique text."""
    source = random.Random(steps)
    to = recorder_in(folder) if hashes else None
    keep: Callable[[str], str] = to.blob if to is not None else str
    sizes, unique = [], 0
    for run in range(RUNS + 1):
        texts = [
            text_of(source, SYSTEM_BYTES),
            *(text_of(source, STEP_BYTES) for _ in range(steps)),
        ]
        run_once(folder, to, f"run-{run}", texts, keep)
        sizes.append(size_of(folder))
        unique += sum(map(len, texts)) if run else 0
    if to is not None:
        to.store._database.close()
    return (sizes[-1] - sizes[0]) / RUNS, unique / RUNS


def storage() -> None:
    print(f"{'bytes a run':<26} {'steps':>5} {'unique text':>12} {'stored':>10} {'ratio':>7}")
    for hashes, name in ((True, "plangate"), (False, "messages in state")):
        for steps in (10, 40):
            with tempfile.TemporaryDirectory() as folder:
                stored, unique = stored_per_run(Path(folder), steps, hashes=hashes)
            print(
                f"{name:<26} {steps:>5} {unique / 1000:>9.0f} KB {stored / 1000:>7.0f} KB "
                f"{stored / unique:>6.2f}x"
            )


def per_call() -> None:
    """Disk that each call of an 8-call run takes, against its prompt.

    Rules and tool schemas are the same in every run; each call adds the answer of a tool, whose
    digits are random: the hardest case.
    """
    source = random.Random(8)
    rules = (ROOT / "agent/prompts/system.md").read_text(encoding="utf-8")
    fixed = [rules, text_of(source, 6_000)]
    sizes, prompts = [], 0
    with tempfile.TemporaryDirectory() as folder:
        to = recorder_in(Path(folder))
        for run in range(CALL_RUNS + 1):
            texts = [*fixed, text_of(source, 3_600)]
            for number in range(8):
                names = [to.blob(text) for text in texts]
                prompts += sum(map(len, texts)) if run else 0
                answer = {"id": f"ohlcv#{number}", "source": "box", "symbol": "BTC/USD"}
                texts.append(json.dumps(answer | {"rows": text_of(source, 3_600)}))
                record_call(to, f"20240101T0000Z-btcusd-{run:08x}", names, to.blob(texts[-1]))
            sizes.append(size_of(Path(folder)))
        to.store._database.close()
    calls = CALL_RUNS * 8
    stored = (sizes[-1] - sizes[0]) / calls
    print(
        f"\na call of an 8-call run: prompt {prompts / calls / 1000:.1f} KB, on disk "
        f"{stored / 1000:.2f} KB, 1/{prompts / calls / stored:.1f}"
    )


def shipped() -> None:
    """The same of decisions as they are: graph, tools and journal over the shipped candles.

    A scripted model asks one tool a call and closes with an answer, every other time with a plan
    that is denied. Of the disk, what LangGraph's checkpoints take is told apart.
    """
    with tempfile.TemporaryDirectory() as name:
        prompts, sizes = asyncio.run(_decided(Path(name)))
    calls = (len(sizes) - 1) * 8
    stored, kept = ((last - first) / calls for first, last in zip(sizes[0], sizes[-1], strict=True))
    prompt = prompts / calls
    print(
        f"a call of a shipped one: prompt {prompt / 1000:.1f} KB, on disk {stored / 1000:.2f} KB, "
        f"1/{prompt / stored:.1f}; its checkpoint {kept / 1000:.2f} KB more"
    )


async def _decided(home: Path) -> tuple[int, list[tuple[int, int]]]:
    """Characters of all prompts but the first decision's, and the files' sizes after each."""
    prompts, sizes = 0, []
    options = SessionOptions((), session="bench", start=FIRST, probe=False)
    async with wire_session(options, Settings(), home) as wired, open_saver(home / "c.db") as saver:
        clock = wired.context.clock
        assert isinstance(clock, FixedClock)  # the shipped candles are a replay
        for number in range(CALL_RUNS + 1):
            slot = FIRST + number * timedelta(hours=7)
            clock.advance_to(slot)
            model = ScriptedModel([*LOOKS, PLAN if number % 2 else NO_TRADE])
            planner = Planner([NamedModel("scripted", model)], wired.context.desk.schemas)
            caps = Caps(max_tool_turns_count=len(LOOKS), max_revisions_count=0)
            context = replace(wired.context, planner=planner, caps=caps)
            final = await Runner(context, saver).decide(context.symbols[0], slot)
            model.assert_finished()
            sizes.append((_written(home / "plangate.db"), _written(home / "c.db")))
            if number:
                prompts += _sent(context.recorder, final["run_id"])
    return prompts, sizes


def _sent(recorder: Recorder, run_id: str) -> int:
    sent = [one.event for one in recorder.store.events(run_id) if one.event.kind == "prompt_sent"]
    assert len(sent) == 8
    names = [name for event in sent for name in (*event.messages, event.tools)]
    return sum(len(recorder.read_blob(name)) for name in names)


def _written(path: Path) -> int:
    """Bytes of a database in use, whether they are still in its log or not."""
    with closing(sqlite3.connect(path)) as file:
        (pages,), (free,) = (
            file.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count")
        )
        return 4096 * (pages - free)


def ours_ms(folder: Path, texts: list[str]) -> float:
    to = recorder_in(folder)
    times = []
    names: list[str] = []
    for text in texts:
        start = perf_counter()
        names.append(to.blob(text))
        record_call(to, "run", names[-8:], names[-1])
        times.append(perf_counter() - start)
    to.store._database.close()
    return 1000 * median(times)


def theirs_ms(folder: Path, texts: list[str]) -> float:
    engine = create_engine(f"sqlite:///{folder / 'plain.sqlite'}")
    SQLModel.metadata.create_all(engine)
    times = []
    with Session(engine) as session:
        for text in texts:
            start = perf_counter()
            session.add(Row(prompt=text))
            session.commit()
            times.append(perf_counter() - start)
    engine.dispose()
    return 1000 * median(times)


def blocking() -> None:
    source = random.Random(3)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        texts = [text_of(source, PROMPT_BYTES) for _ in range(CALLS)]
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(theirs_ms(Path(folder), texts))
            ours.append(ours_ms(Path(folder), texts))
    print(f"\n{'recording one model call':<26} {'median ms':>10} {'rounds':>16} {'ratio':>7}")
    for name, values in (("SQLModel add + commit", theirs), ("plangate", ours)):
        spread = f"{min(values):.3f}–{max(values):.3f}"
        print(
            f"{name:<26} {median(values):>10.3f} {spread:>16} "
            f"{median(values) / median(theirs):>6.2f}x"
        )


if __name__ == "__main__":
    storage()
    per_call()
    shipped()
    blocking()
