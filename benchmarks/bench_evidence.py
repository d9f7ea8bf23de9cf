"""The check of a plan's numbers: what it refuses wrongly, and what wrong numbers it notices.

Plans of the rules planner on recorded and synthetic candles, judged as the graph judges them. Then
each level is moved by twice what rounding allows, with and without its equation, and each figure of
the thesis by a half per cent. Last, sentences such as models write, filled with what the prompt
shows: how many are refused although every figure is right. Limits: no plan refused wrongly, every
moved level noticed. Run: python benchmarks/bench_evidence.py
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from agent.evidence import checked_numbers
from agent.parse import parse_answer
from agent.prose import Shown, strange_numbers
from app.options import read_options
from app.settings import load_settings
from app.wire import wire_session
from domain.clock import FixedClock, parse_moment
from domain.equation import read_equation
from domain.plan import PlanDraft
from domain.snapshot import Snapshot
from graph.context import RunContext
from graph.evidence import checked, seen
from graph.recording import answer_of
from graph.run import Runner
from graph.state import RunState
from policies.evidence import CheckedNumber

DECISIONS = 180
HOURS_APART = 2
FIGURE = "figure of the thesis moved"
SESSIONS = (("box", "2019-04-01"), ("synthetic", "2024-02-01"))
PROSE = (
    "Close {close:.2f} stands above EMA20 ({ema20:.2f}) and EMA50 ({ema50:.2f}).",
    "RSI 14 at {rsi:.1f} and ADX {adx:.1f}: momentum without exhaustion, trend on 4h agrees.",
    "Price {close:,.0f} broke the 24-candle high of {high:,.2f} at 14:00 with volume behind it.",
    "MACD histogram {macd:.2f} turned; the stop lies 1.5 ATR (ATR14 {atr:.1f}) below {low:.2f}.",
    "Target {target:.2f} is {up:.2f} % away, the stop {down:.2f} %, a reward of 2.1R.",
    "We are {off:.2f} % below the high of the last 24 candles.",
)
"""The last one is reckoned from a figure that was shown and that the plan does not bind."""


async def main() -> None:
    plans, refused, took = 0, 0, []
    noticed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    prose: dict[str, list[bool]] = {sentence: [] for sentence in PROSE}
    for market, start in SESSIONS:
        async for context, state, draft in drafts(market, start):
            begun = time.perf_counter()
            rows = checked(context, state, draft)
            took.append((time.perf_counter() - begun) * 1000)
            plans += 1
            refused += not all(row.agrees for row in rows)
            sources, texts = seen(context, state)
            tick = context.source.instrument(state["symbol"]).price_tick
            for kind, wrong in moved(draft, rows):
                tried[kind] += 1
                again = checked_numbers(wrong, wrong, sources, texts, tick)
                noticed[kind] += not all(row.agrees for row in again)
            shown = Shown(texts, [row.number for row in rows] + [sources.snapshot.last])
            for sentence, filled in written(sources.snapshot, draft):
                prose[sentence].append(not strange_numbers(filled, shown))
    print(f"plans {plans}, refused wrongly {refused}; median {median(took):.2f} ms a plan")
    for kind, count in tried.items():
        print(f"{kind:<34} {noticed[kind]} of {count} noticed")
    for sentence, known in prose.items():
        print(f"refused {100 * (1 - sum(known) / len(known)):5.1f} %  {sentence}")
    assert refused == 0
    assert all(noticed[kind] == tried[kind] for kind in tried if kind != FIGURE)


async def drafts(market: str, start: str) -> AsyncIterator[tuple[RunContext, RunState, PlanDraft]]:
    """Every plan that a session proposes, with the state as its review had it."""
    options = read_options(
        symbols=None, market=market, model="rules", base_url=None, timeframe="1h", every=1,
        start=start, end=None, capital=["10000"], policy=None, session="bench",
        decisions=None, market_url=None, seed=7,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        async with wire_session(options, load_settings(), Path(folder)) as wired:
            clock, context = wired.context.clock, wired.context
            assert isinstance(clock, FixedClock)
            for count in range(DECISIONS):
                slot = parse_moment(start) + timedelta(hours=HOURS_APART * count)
                clock.advance_to(slot)
                final = await Runner(context, None).decide(context.symbols[0], slot)
                for state, draft in reviews(context, final):
                    yield context, state, draft


def reviews(context: RunContext, final: RunState) -> Iterator[tuple[RunState, PlanDraft]]:
    count = 0
    for place, name in enumerate(final["messages"]):
        answer = answer_of(context, name)
        said = parse_answer(answer, context.desk.names) if answer.tool_calls else None
        if isinstance(said, PlanDraft):
            before = RunState(**final)
            before["messages"] = final["messages"][: place + 1]
            before["versions"] = final["versions"][:count]
            yield before, said
            count += 1


def moved(draft: PlanDraft, rows: Sequence[CheckedNumber]) -> Iterator[tuple[str, PlanDraft]]:
    """The draft with one number off: a level with or without its equation, a figure of the text."""
    for row in rows:
        wrong = round(row.number + 2 * row.tolerance + Decimal("0.001"), 8)
        other = _with_level(draft, row.where, wrong)
        if other is not None:
            yield "level moved, equation kept", other
            texts = [_moved_equation(text, row.number, wrong) for text in draft.numbers]
            yield "level and equation moved", other.model_copy(update={"numbers": tuple(texts)})
    for figure in re.findall(r"[0-9]{3,}\.[0-9]+", draft.thesis):
        off = f"{Decimal(figure) * Decimal('1.005'):.{len(figure.partition('.')[2])}f}"
        yield FIGURE, draft.model_copy(update={"thesis": draft.thesis.replace(figure, off)})


def _with_level(draft: PlanDraft, where: str, value: Decimal) -> PlanDraft | None:
    if where == "invalidation" or where == "entry":
        return draft.model_copy(update={where: value})
    if where == "target 1":
        first = draft.targets[0].model_copy(update={"price": value})
        return draft.model_copy(update={"targets": (first, *draft.targets[1:])})
    return None


def _moved_equation(text: str, number: Decimal, wrong: Decimal) -> str:
    equation = read_equation(text)
    return f"{wrong:f} = {equation.source}" if equation.number == number else text


def written(snapshot: Snapshot, draft: PlanDraft) -> Iterator[tuple[str, str]]:
    """Each sentence with the figures of this moment."""
    of, bars, last = snapshot.features[0], snapshot.bars, float(snapshot.last)
    target, stop = float(draft.targets[0].price), float(draft.invalidation)
    high = max(bar.high for bar in bars)
    figures = {
        "close": of.close, "ema20": of.ema_20, "ema50": of.ema_50, "rsi": of.rsi_14,
        "adx": of.adx_14, "macd": of.macd_histogram, "atr": of.atr_14, "high": high,
        "low": min(bar.low for bar in bars), "target": target,
        "up": 100 * abs(target / last - 1), "down": 100 * abs(stop / last - 1),
        "off": 100 * (1 - last / high),
    }  # fmt: skip
    for sentence in PROSE:
        yield sentence, sentence.format(**figures)


if __name__ == "__main__":
    asyncio.run(main())
