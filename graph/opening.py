"""The prompt that a decision begins with: what is told, and what did not fit."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import HumanMessage

from agent.answers import ANSWERS, possible_answers
from agent.chart_drawing import HEIGHT_PX, WIDTH_PX
from agent.picture import Picture, illustrated
from agent.prompt import Written, chart_caption, write_situation
from agent.situation import Situation
from agent.voter_prompt import planner_message
from domain.snapshot import Snapshot
from graph.context import RunContext
from graph.recording import keep
from graph.state import RunState
from graph.world import World
from policies.explain import rules_text
from policies.facts import AccountFacts
from traces.prompt_events import ChartDrawn, PromptSection, PromptWritten


def offered(context: RunContext, symbol: str) -> list[str]:
    """Names of the tools that the model is offered: all for data, of the answers what can apply."""
    world = World(context)
    plan, position = world.stored_standing_plan(symbol), world.position(symbol)
    answers = possible_answers(plan_stands=plan is not None, position_open=position is not None)
    return [*world.tool_names(), *answers]


def offers_after(context: RunContext, state: RunState) -> list[str]:
    """What is offered after a turn of data: no more data once its turns are used up."""
    if state["tool_turns"] + 1 < context.caps.max_tool_turns_count:
        return state["offers"]
    return [name for name in state["offers"] if name in ANSWERS]


async def opening(
    context: RunContext,
    world: World,
    identity: str,
    snapshot: Snapshot,
    account: AccountFacts,
    offers: Sequence[str],
) -> list[str]:
    """Write, record and keep the first messages; returns their hashes."""
    symbol = snapshot.symbol
    rules = rules_text(context.policy, world.instrument(symbol))
    system = planner_message(rules, context.opinions.personality)
    before = world.prompt_size([system], offers)
    told = Situation(
        snapshot,
        account,
        world.position(symbol),
        world.standing_plan(symbol),
        world.memory(symbol),
        world.last_denial(symbol, snapshot.as_of),
        context.policy,
    )
    count = world.text_size
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
        message = await _illustrated(context, world, identity, message, told)
    return [keep(context, one) for one in (system, message)]


async def _illustrated(
    context: RunContext, world: World, identity: str, message: HumanMessage, told: Situation
) -> HumanMessage:
    """The situation with its chart behind it, for the models that see."""
    drawn = await world.chart(told.position, told.plan)
    caption = chart_caption(drawn.candles_count, context.timeframe.value)
    picture = Picture(drawn.picture, WIDTH_PX, HEIGHT_PX, drawn.size_bytes, caption)
    event = ChartDrawn(
        picture=drawn.picture,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        size_bytes=drawn.size_bytes,
        candles_count=drawn.candles_count,
        levels=drawn.levels,
    )
    context.recorder.record(identity, "observe", event)
    return illustrated(message, picture, context.recorder.read_blob(drawn.picture))


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
