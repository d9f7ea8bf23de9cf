"""The opening prompt: what never changes within a session first, the situation last.

The system message is the same for every decision on an instrument, so that a provider can cache it.
The texts lie in `prompts/`, are reviewed like code, and their hash travels with every plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from langchain_core.messages import HumanMessage, SystemMessage

from agent.answers import answer_tools
from agent.chart import CHART_VERSION
from agent.prompt_budget import PromptBudget, default_budget
from agent.sections import Count, Fitted, fit, texts
from agent.situation import Situation, situation_sections, standing_values
from domain.strict_json import canonical, content_hash


@dataclass(frozen=True, slots=True)
class Written:
    """The situation as it is told, and what was left out of it."""

    message: HumanMessage
    most_tokens: int
    """What it could have taken."""
    sections: Sequence[Fitted]


def system_message(rules: str) -> SystemMessage:
    """Role, way of working, the gate's rules and the answer contract.

    Args:
        rules: The policy as text, from `policies.explain`.
    """
    return SystemMessage(Template(_text("system")).substitute(rules=rules))


def write_situation(
    of: Situation, count: Count, budget: PromptBudget | None = None, before_tokens: int = 0
) -> Written:
    """The market and the account as of the decision, in compact tables, within the budget.

    Args:
        of: What there is to tell.
        count: Tokens of a text.
        budget: Of each section and of the whole; None is the one that ships with us.
        before_tokens: What stands before it: rules, tool schemas, the frames of messages.
    """
    budget = budget or default_budget()
    sections, standing = situation_sections(of), standing_values(of)
    template = Template(_text("situation"))
    bare = template.substitute(standing, **dict.fromkeys((s.name for s in sections), ""))
    most = budget.for_situation(before_tokens)
    left = most - count(bare)
    while True:
        fitted = fit(sections, budget, left, count)
        text = template.substitute(standing, **texts(fitted))
        over = count(text) - most
        if over <= 0 or all(one.left_out == len(one.section.rows) for one in fitted):
            return Written(HumanMessage(text), most, fitted)
        left -= over  # counts of parts do not always add up to that of the whole


def chart_caption(bars_count: int, timeframe: str) -> str:
    """What is said of a chart to who sees it."""
    return Template(_text("chart")).substitute(bars=bars_count, timeframe=timeframe).strip()


def prompt_hash(budget: PromptBudget | None = None, *, charts: bool = False) -> str:
    """Hash over the prompt files, the schemas of the answers, and what may be left out.

    Args:
        budget: Of the sections.
        charts: Whether a chart goes with each situation.
    """
    return _hash((budget or default_budget()).model_dump_json(), charts)


@cache
def _hash(budget: str, charts: bool) -> str:  # private, and cached by it
    hashed = [_text("system"), _text("situation"), canonical(answer_tools()), budget]
    drawn = [_text("chart"), str(CHART_VERSION)] if charts else []
    return content_hash(canonical([*hashed, *drawn]))


@cache
def _text(name: str) -> str:
    return files("agent").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
