"""The prompt that a decision begins with: what is told, and what did not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from langchain_core.messages import HumanMessage

from agent.answers import ANSWERS, possible_answers
from agent.chart import Chart, chart_of, levels_of
from agent.chart_drawing import HEIGHT_PX, WIDTH_PX, draw
from agent.picture import Picture, base64_of, illustrated
from agent.prompt import Written, chart_caption, write_situation
from agent.situation import Situation
from agent.voter_prompt import planner_message
from graph.context import RunContext
from graph.recording import keep
from graph.replanning import standing_plan
from graph.state import RunState
from journal.last_denial import last_denial
from journal.memory import trading_memory
from market.observe import Look
from policies.explain import rules_text
from policies.facts import AccountFacts
from traces.prompt_events import ChartDrawn, PromptSection, PromptWritten


def offered(context: RunContext, symbol: str) -> list[str]:
    """Names of the tools that the model is offered: all for data, of the answers what can apply."""
    journal = context.journal
    plan, position = journal.standing_plan(symbol), journal.position(symbol)
    answers = possible_answers(plan_stands=plan is not None, position_open=position is not None)
    return [*context.desk.names, *answers]


def offers_after(context: RunContext, state: RunState) -> list[str]:
    """What is offered after a turn of data: no more data once its turns are used up."""
    if state["tool_turns"] + 1 < context.caps.max_tool_turns_count:
        return state["offers"]
    return [name for name in state["offers"] if name in ANSWERS]


async def opening(
    context: RunContext,
    identity: str,
    look: Look,
    account: AccountFacts,
    offers: Sequence[str],
) -> list[str]:
    """Write, record and keep the first messages; returns their hashes."""
    snapshot, journal = look.snapshot, context.journal
    symbol = snapshot.symbol
    rules = rules_text(context.policy, context.source.instrument(symbol))
    system = planner_message(rules, context.opinions.personality)
    before = context.planner.count([system], offers)
    told = Situation(
        snapshot,
        account,
        journal.position(symbol),
        standing_plan(context, symbol),
        trading_memory(journal, symbol),
        last_denial(journal, symbol, snapshot.as_of),
        context.policy,
    )
    count = context.planner.count_text
    written = write_situation(told, count, context.prompt, before.tokens)
    event = PromptWritten(
        before_tokens=before.tokens,
        situation_tokens=count(written.message.text),
        most_tokens=written.most_tokens,
        tokens_from=before.source,
        sections=_sections(written),
    )
    context.recorder.record(identity, "observe", event)
    message = written.message
    if context.charts:
        chart = chart_of(symbol, look.candles, levels_of(told.position, told.plan))
        message = await _illustrated(context, identity, message, chart)
    return [keep(context, one) for one in (system, message)]


async def _illustrated(
    context: RunContext, identity: str, message: HumanMessage, chart: Chart
) -> HumanMessage:
    """The situation with its chart behind it, for the models that see."""
    png = await asyncio.to_thread(draw, chart)
    data, count = base64_of(png), len(chart.close)
    caption = chart_caption(count, context.timeframe.value)
    kept = context.recorder.picture(data)
    picture = Picture(kept, WIDTH_PX, HEIGHT_PX, len(png), caption)
    event = ChartDrawn(
        picture=kept,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        size_bytes=len(png),
        candles_count=count,
        levels=[level.name for level in chart.levels],
    )
    context.recorder.record(identity, "observe", event)
    return illustrated(message, picture, data)


def _sections(written: Written) -> list[PromptSection]:
    return [
        PromptSection(
            name=one.section.name,
            tokens=one.tokens,
            rows=len(one.section.rows),
            left_out=one.left_out,
        )
        for one in written.sections
    ]
