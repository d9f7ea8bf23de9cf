"""What those are shown who are asked for a second opinion about a moment.

A voter has the rules, the situation and what the session's model was told by its tools, and nothing
of what that model thinks. A repeat is the same question to the same model, put a little otherwise
(`agent.perturbation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage

from agent.answers import ANSWERS
from agent.opinions import Opinions, Voter
from agent.parse import call_requests
from agent.perturbation import (
    KINDS,
    Kind,
    mirrored,
    reordered,
    reworded,
    rounded,
    shuffled_sections,
)
from agent.planner import Planner
from agent.voter_prompt import voter_message
from domain.strict_json import JsonRefused, loads


class Ballot(NamedTuple):
    """One question to one voter."""

    voter: Voter
    repeat: Kind | None
    """How the question was changed, where the session's model is asked again; None: a vote."""
    messages: list[BaseMessage]
    answers: tuple[str, ...]
    """Names of the answers that the moment allows."""

    @property
    def prompt(self) -> tuple[list[BaseMessage], tuple[str, ...], Planner]:
        """What is asked, what may be answered, and who is asked."""
        return self.messages, self.answers, self.voter.planner


def ballots(
    opinions: Opinions,
    rules: str,
    conversation: Sequence[BaseMessage],
    answers: Sequence[str],
    seed: str,
) -> list[Ballot]:
    """Every question of a decision: one to each voter, then the repeats.

    Args:
        opinions: Who is asked.
        rules: The policy as text.
        conversation: Of the session's model, its system message included; what it answered is
            left out.
        answers: Names of the answers that the moment allows.
        seed: What the changes of the repeats are drawn from, such as the run's id.
    """
    situation, results = _shown(conversation)
    told, offers = [*situation, *_told(results)], tuple(answers)
    asked = [
        Ballot(voter, None, [voter_message(rules, voter.personality), *told], offers)
        for voter in opinions.voters
    ]
    if opinions.itself is None:
        return asked
    for index in range(opinions.repeats_count):
        kind, random = KINDS[index % len(KINDS)], Random(f"{seed}/{index}")  # noqa: S311  # no secret
        system = voter_message(rules, opinions.itself.personality)
        messages = _changed(kind, random, system, situation, results)
        asked.append(Ballot(opinions.itself, kind, messages, offers))
    return asked


class _Result(NamedTuple):
    """One answer of a data tool, and the call that it belongs to."""

    name: str
    arguments: dict[str, Any]
    message: ToolMessage


def _shown(conversation: Sequence[BaseMessage]) -> tuple[list[BaseMessage], list[_Result]]:
    """What the session's model was shown before it spoke, and what its tools answered."""
    spoken = [isinstance(message, AIMessage) for message in conversation]
    first = spoken.index(True) if True in spoken else len(conversation)
    situation = [m for m in conversation[:first] if not isinstance(m, SystemMessage)]
    calls: dict[str, str] = {}
    results: list[_Result] = []
    for message in conversation[first:]:
        if isinstance(message, AIMessage):
            calls = {call.call_id: call.arguments_text for call in call_requests(message)}
        elif isinstance(message, ToolMessage) and message.name not in ANSWERS:
            arguments = _read(calls.get(message.tool_call_id, ""))
            results.append(_Result(message.name or "tool", arguments, message))
    return situation, results


def _read(text: str) -> dict[str, Any]:
    try:
        value = loads(text or "{}")
    except JsonRefused:
        return {}
    return value if isinstance(value, dict) else {}


def _told(results: Sequence[_Result]) -> list[BaseMessage]:
    """The results as one turn of calls and answers, without a word of who made the calls."""
    if not results:
        return []
    calls = [
        {"name": each.name, "args": each.arguments, "id": f"given_{number}"}
        for number, each in enumerate(results)
    ]
    answers = [
        ToolMessage(each.message.content, tool_call_id=f"given_{number}", name=each.name)
        for number, each in enumerate(results)
    ]
    return [AIMessage("", tool_calls=calls), *answers]


def _changed(
    kind: Kind,
    random: Random,
    system: SystemMessage,
    situation: Sequence[BaseMessage],
    results: Sequence[_Result],
) -> list[BaseMessage]:
    """The question with one harmless change."""
    if kind == "mirror":
        return [reworded(system, mirrored), *situation, *_told(results)]
    if kind == "rounding":
        return [system, *(reworded(m, rounded) for m in (*situation, *_told(results)))]
    sections = [reworded(m, lambda text: shuffled_sections(text, random)) for m in situation]
    return [system, *sections, *_told(reordered(results, random))]
