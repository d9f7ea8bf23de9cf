"""What a decision costs: calls, tokens and time, against TradingAgents 0.3.0 and plain ChatOpenAI.

An OpenAI-compatible server of its own process, on loopback, plays the model: it asks for data where
it is told to, proposes a plan that the gate denies, and revises it as the denial says. Every
decision is whole: snapshot, prompt, tools, gate, journal, trace, checkpoint. TradingAgents' figures
were measured with a stub of the same kind (its smallest setting: 16 calls, 33,673 tokens counted as
characters / 4, 54 ms of its own at zero latency).

Times are CPU time where nothing waits, because other work on the machine moves wall time; wall time
is said. They are told as multiples of a call of plain ChatOpenAI with the same tools in the same
run, of which each of the peer's calls is one. Medians. Run: python benchmarks/bench_planner.py
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from agent.models import close_model, make_models
from agent.planner import Planner
from app.options import read_options
from app.settings import Settings
from app.wire import Wired, wire_session
from domain.clock import FixedClock, parse_moment
from graph.run import Runner, open_saver

SYMBOLS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "BNB/USDT"]
START = "2024-06-03T00:00:00Z"
ROUNDS = 7
PEER_CALLS, PEER_TOKENS, PEER_MS = 16, 33_673, 54.0
"""TradingAgents 0.3.0, one tool turn with one tool: the smallest of its settings."""


class Decided(NamedTuple):
    """What one decision took."""

    calls: int
    prompt_tokens: int
    answer_tokens: int
    stable_tokens: int
    characters: int
    """Of messages and tool schemas, all calls together."""
    cpu_s: float
    wall_s: float


async def main() -> None:
    with _server() as base_url:
        plain_ms = await _against_plain(base_url)
        print("a plan with one revision, all of it:")
        for name, script in (("plan, revise", "plan"), ("ask, plan, revise", "ask")):
            _tell(name, await _decide(base_url, f"gpt-4o-{script}-0ms", ROUNDS), plain_ms)
            slow = await _decide(base_url, f"gpt-4o-{script}-200ms", 5)
            ratio = median(one.wall_s / (one.calls * 0.2) for one in slow)
            print(f"  at 200 ms a call: {ratio:.3f}x of calls x latency (wall)")
        await _in_flight(base_url)


def _tell(name: str, rounds: list[Decided], plain_ms: float) -> None:
    one = rounds[-1]
    cpu = median(r.cpu_s for r in rounds) * 1000
    wall = min(r.wall_s for r in rounds) * 1000
    print(
        f"{name}: {one.calls} calls ({one.calls / PEER_CALLS:.2f}x), prompt {one.prompt_tokens} "
        f"tokens, answers {one.answer_tokens}; counted as characters / 4: "
        f"{one.characters // 4} ({one.characters / 4 / PEER_TOKENS:.2f}x)\n"
        f"  stable share {one.stable_tokens / one.prompt_tokens:.2f}; own time {cpu:.1f} ms CPU, "
        f"{cpu / plain_ms:.1f} plain calls (the peer makes {PEER_CALLS}, in {PEER_MS} ms on an "
        f"idle machine); fastest wall {wall:.1f} ms"
    )


async def _decide(base_url: str, model: str, count: int) -> list[Decided]:
    """As many decisions of one session, an hour apart, after three that warm it up.

    What each came to is taken back, so that the next one finds no plan that stands.
    """
    decided = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with _session(home, model, base_url) as wired, open_saver(home / "c.db") as saver:
            runner, clock = Runner(wired.context, saver), wired.context.clock
            journal = wired.context.journal
            assert isinstance(clock, FixedClock)
            for _ in range(3 + count):
                clock.advance_to(clock.now() + timedelta(hours=1))
                slot = clock.now()
                await wired.context.observer.snapshot(SYMBOLS[0], slot)  # the market is at hand
                cpu, wall = time.process_time(), time.perf_counter()
                final = await runner.decide(SYMBOLS[0], slot)
                took = time.process_time() - cpu, time.perf_counter() - wall
                assert final["outcome"] == "approved", (final["outcome"], final["reason"])
                decided.append(_counted(wired, final, took))
                nothing = {"orders": [], "versions": []}
                journal.record_decision(final["run_id"], slot, SYMBOLS[0], "no_trade", nothing)
    return decided[3:]


def _counted(wired: Wired, final: dict[str, Any], took: tuple[float, float]) -> Decided:
    events = [each.event for each in wired.context.recorder.store.events(final["run_id"])]
    read = wired.context.recorder.read_blob
    sent = [event for event in events if event.kind == "prompt_sent"]
    (written,) = [event for event in events if event.kind == "prompt_written"]
    characters = sum(
        len(read(one.tools)) + sum(len(json.loads(read(m))["content"]) for m in one.messages)
        for one in sent
    )
    return Decided(
        calls=len(sent),
        prompt_tokens=sum(one.tokens for one in sent),
        answer_tokens=final["output_tokens"],
        stable_tokens=written.before_tokens * len(sent),
        characters=characters,
        cpu_s=took[0],
        wall_s=took[1],
    )


@asynccontextmanager
async def _session(home: Path, model: str, base_url: str) -> AsyncIterator[Wired]:
    options = read_options(
        symbols=SYMBOLS, market="synthetic", model=f"openai:{model}", base_url=base_url,
        timeframe="1h", every=1, start=START, end=None, capital=None, policy=None,
        session="bench", market_url=None, seed=7,
    )  # fmt: skip
    async with wire_session(options, Settings(), home) as wired:
        assert isinstance(wired.context.clock, FixedClock)
        wired.context.clock.advance_to(parse_moment(START))
        yield wired


async def _against_plain(base_url: str) -> float:
    """Our call against ChatOpenAI with the same tools and messages; what a plain one takes, ms."""
    from langchain_core.messages import HumanMessage, SystemMessage
    from langchain_openai import ChatOpenAI

    (named,) = make_models("openai:gpt-4o-rest-0ms", _specs(base_url), {"OPENAI_API_KEY": "none"})
    planner = Planner([named], [])
    schemas = json.loads(planner.tools_text())
    client: Any = ChatOpenAI(
        model="gpt-4o-rest-0ms", base_url=base_url, api_key="none", max_retries=0
    )
    plain = client.bind_tools(schemas)
    messages = [SystemMessage("You plan trades. " * 200), HumanMessage("34089.3|34231\n" * 300)]
    times: dict[str, list[float]] = {"ours": [], "plain": []}

    async def timed(name: str, ask: Callable[[], Awaitable[Any]]) -> None:
        begun = time.process_time()
        for _ in range(20):
            await ask()
        times[name].append((time.process_time() - begun) / 20 * 1000)

    for _ in range(12):
        await timed("ours", lambda: planner.ask(messages, timeout_s=30))
        await timed("plain", lambda: plain.ainvoke(messages))
    ours, theirs = median(times["ours"][2:]), median(times["plain"][2:])
    print(f"a call: ours {ours:.2f} ms CPU, ChatOpenAI {theirs:.2f} ms: {ours / theirs:.2f}x")
    await close_model(named.model)
    return theirs


async def _in_flight(base_url: str) -> None:
    """Three waves at once, each call a second: wall time against the ideal three seconds."""
    from langchain_core.messages import HumanMessage
    from langchain_openai import ChatOpenAI
    from openai import DefaultAioHttpClient

    name = "gpt-4o-rest-1000ms"
    (named,) = make_models(f"openai:{name}", _specs(base_url), {"OPENAI_API_KEY": "none"})
    planner = Planner([named], [])
    client: Any = ChatOpenAI(
        model=name, base_url=base_url, api_key="none", max_retries=0,
        http_async_client=DefaultAioHttpClient(),
    )  # fmt: skip
    plain = client.bind_tools(json.loads(planner.tools_text()))
    messages = [HumanMessage("34089.3|34231\n" * 600)]
    asks: dict[str, Callable[[], Awaitable[Any]]] = {
        "ours": lambda: planner.ask(messages, timeout_s=60),
        "ChatOpenAI over aiohttp": lambda: plain.ainvoke(messages),
    }
    for count in (50, 100):
        for whose, ask in asks.items():
            await asyncio.gather(*(ask() for _ in range(count)))
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(3):
                await asyncio.gather(*(ask() for _ in range(count)))
            took, used = time.perf_counter() - wall, time.process_time() - cpu
            print(
                f"{count} calls in flight at 1 s, {whose}: {3 / took:.3f} of ideal (wall), "
                f"{used / 3 / count * 1000:.2f} ms CPU a call"
            )
    await close_model(named.model)
    await close_model(client)


def _specs(base_url: str) -> dict[str, Any]:
    from agent.model_spec import ModelSpec

    names = ("gpt-4o-rest-0ms", "gpt-4o-rest-1000ms")
    return {f"openai:{name}": ModelSpec(model=name, base_url=base_url) for name in names}


@contextmanager
def _server() -> Any:
    """The server in a process of its own; yields its address."""
    process = subprocess.Popen(
        [sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.wait()


def serve() -> None:
    """OpenAI's chat completions on a free port, which is printed; a name says script and delay."""
    from aiohttp import web

    from tests.servers.openai_server import completion

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        _, script, delay = body["model"].rsplit("-", 2)
        await asyncio.sleep(int(delay.removesuffix("ms")) / 1000)
        return web.json_response(completion(_step(script, body), body))

    async def run() -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


def _step(script: str, body: dict[str, Any]) -> dict[str, Any]:
    said = [m for m in body["messages"] if m["role"] == "assistant"]
    if script == "rest":
        return {"calls": [("no_trade", {"reason": "Nothing has happened."})]}
    if script == "ask" and not said:
        calls = [("ohlcv", {"bars": 24}), ("order_book", {}), ("funding", {})]
        return {"calls": calls}
    situation = body["messages"][1]["content"]
    last = Decimal(re.findall(r"Last price: ([0-9.]+)", situation)[0])
    atr = Decimal(re.findall(r"atr_14\|([0-9.]+)", situation)[0])
    far = 6 if body["messages"][-1]["content"].startswith("DENIED") else 1
    levels = {far: last + far * atr, -1.5: last - Decimal("1.5") * atr, -3: last - 3 * atr}
    plan = {
        "side": "long",
        "targets": [{"price": float(round(levels[far], 1))}],
        "invalidation": float(round(levels[-1.5], 1)),
        "invalid_if": [f"4h close below {levels[-3]:.1f}"],
        "horizon_bars": 24,
        "thesis": "The range of the last day broke upwards with volume, trend and VWAP agree, "
        "and the order book leans to the buyers; wrong below the low of the breakout candle.",
        "evidence": ["ohlcv#1"] if script == "ask" else [],
        "numbers": [
            f"{level:.1f} = now price {'+' if steps > 0 else '-'} {abs(steps)} * 1h atr_14"
            for steps, level in levels.items()
        ],
        "confidence": 0.7,
    }
    return {"calls": [("propose_plan", plan)], "usage": None}


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        asyncio.run(main())
