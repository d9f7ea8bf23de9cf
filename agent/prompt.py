"""The opening prompt: what never changes within a session first, the situation last.

The system message is the same for every decision on an instrument, so that a provider can cache it.
The texts lie in `prompts/*.md`, are reviewed like code, and their hash travels with every plan.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template

from langchain_core.messages import HumanMessage, SystemMessage

from agent.answers import answer_tools
from agent.situation import StandingPlan, situation_values
from agent.tables import ABSENT
from domain.orders import Position
from domain.snapshot import Snapshot
from domain.strict_json import canonical, content_hash
from policies.facts import AccountFacts


def system_message(rules: str) -> SystemMessage:
    """Role, way of working, the gate's rules and the answer contract.

    Args:
        rules: The policy as text, from `policies.explain`.
    """
    return SystemMessage(Template(_text("system")).substitute(rules=rules))


def situation_message(
    snapshot: Snapshot,
    account: AccountFacts,
    position: Position | None,
    plan: StandingPlan | None = None,
    memory: str = ABSENT,
) -> HumanMessage:
    """The market and the account as of the decision, in compact tables.

    Args:
        snapshot: The market.
        account: The account, valued at the same moment.
        position: What is held in this instrument; None when flat.
        plan: The plan that stands for it; None without one.
        memory: What the session has behind it, from `agent.situation_memory`.
    """
    values = {**situation_values(snapshot, account, position, plan), "memory": memory}
    return HumanMessage(Template(_text("situation")).substitute(values))


@cache
def prompt_hash() -> str:
    """Hash over the prompt files and the schemas of the answers."""
    texts = [_text("system"), _text("situation"), canonical(answer_tools())]
    return content_hash(canonical(texts))


@cache
def _text(name: str) -> str:
    return files("agent").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
