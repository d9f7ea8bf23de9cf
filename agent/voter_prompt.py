"""What a personality is told, and what one who is asked for a second opinion is.

Both come after the rules, so that what all share comes first and a provider can cache it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from langchain_core.messages import SystemMessage

from agent.prompt import system_message
from domain.strict_json import canonical, content_hash


def planner_message(rules: str, personality: str | None) -> SystemMessage:
    """The system message of the session's model.

    Args:
        rules: The policy as text.
        personality: How it looks at markets; None: as it likes.
    """
    return _with(system_message(rules), _personality(personality))


def voter_message(rules: str, personality: str | None) -> SystemMessage:
    """The system message of one who is asked for a second opinion."""
    return _with(system_message(rules), [_text("second_opinion"), *_personality(personality)])


def voting_hash(shared: str, personalities: Iterable[str | None], *, others: bool) -> str:
    """The hash of a session's prompts.

    Args:
        shared: That of what every session is told.
        personalities: Of its model and of the voters.
        others: Whether anybody else is asked.
    """
    texts = [_text("second_opinion")] if others else []
    texts += [text for name in personalities for text in _personality(name)]
    return content_hash(canonical([shared, *texts])) if texts else shared


def _with(system: SystemMessage, more: list[str]) -> SystemMessage:
    return SystemMessage("\n".join([system.text, *more])) if more else system


def _personality(name: str | None) -> list[str]:
    return [] if name is None else [_text(f"personalities/{name}")]


@cache
def _text(name: str) -> str:
    return files("agent").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
