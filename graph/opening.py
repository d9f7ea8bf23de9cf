"""The prompt that a decision begins with: what is told, and what did not fit."""

from __future__ import annotations

from collections.abc import Sequence

from agent.answers import ANSWERS, possible_answers
from agent.prompt import Written, write_situation
from agent.situation import Situation
from agent.voter_prompt import planner_message
from domain.snapshot import Snapshot
from graph.context import RunContext
from graph.recording import keep
from graph.replanning import standing_plan
from graph.state import RunState
from journal.last_denial import last_denial
from journal.memory import trading_memory
from policies.explain import rules_text
from policies.facts import AccountFacts
from traces.prompt_events import PromptSection, PromptWritten


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


def opening(
    context: RunContext,
    identity: str,
    snapshot: Snapshot,
    account: AccountFacts,
    offers: Sequence[str],
) -> list[str]:
    """Write, record and keep the first messages; returns their hashes."""
    symbol, journal = snapshot.symbol, context.journal
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
    return [keep(context, message) for message in (system, written.message)]


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
