"""Second opinions: who else is asked about a moment, what they are shown, and all of them at once.

A voter has the rules, the situation and what the session's model was told by its tools, and nothing
of what that model thinks; it has the ways to answer and no tool for data. A repeat is the same
question to the same model, put a little otherwise (`agent.perturbation`). What is made of the
answers is another module's (`agent.consensus`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage

from agent.allowance import Allowance, JointAllowance, SetAside
from agent.answers import ANSWERS
from agent.asking import Reply
from agent.consensus import Terms
from agent.parse import Asked, Invalid, call_requests, parse_answer
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
from agent.tokens import TokenCount
from agent.voter_prompt import voter_message
from domain.errors import AccessRefused, ConfigError, OverBudget, PlangateError, Unreachable
from domain.numbers import plain
from domain.plan import Answer, ExitDraft, NoTrade, PlanDraft, ReplanDraft
from domain.strict_json import JsonRefused, loads


@dataclass(frozen=True, slots=True)
class Voter:
    """One who is asked."""

    name: str
    """As the user names it: a personality, a model, `PERSONALITY@MODEL`."""
    planner: Planner
    """With the ways to answer, and no data tools."""
    personality: str | None = None


@dataclass(frozen=True, slots=True)
class Opinions:
    """Whose opinions a session wants besides its model's."""

    voters: tuple[Voter, ...] = ()
    itself: Voter | None = None
    """The session's model, where it is asked again."""
    repeats_count: int = 0
    terms: Terms = field(default_factory=Terms)
    personality: str | None = None
    """How the session's model looks at markets."""

    @property
    def wanted(self) -> bool:
        """Whether anybody is asked."""
        return bool(self.voters) or self.repeats_count > 0

    def notices(self) -> list[str]:
        """What a person should know of and was not told yet: a voter that cannot be asked."""
        everybody = (*self.voters, *((self.itself,) if self.itself else ()))
        return [
            f"second opinion {voter.name!r} is silent: {words}"
            for voter in everybody
            for words in voter.planner.notices()
        ]

    @property
    def shape(self) -> dict[str, Any]:
        """What of this decides, JSON-able; what everybody is told has a hash of its own."""
        return {
            "voters": [voter.name for voter in self.voters],
            "repeats": self.repeats_count,
            "terms": {name: plain(limit) for name, limit in self.terms},
        }


NO_OPINIONS = Opinions()

Said = Literal["plan", "replan", "exit", "no_trade", "invalid", "none"]
_KINDS: dict[Said, type[Answer]] = {
    "plan": PlanDraft,
    "replan": ReplanDraft,
    "exit": ExitDraft,
    "no_trade": NoTrade,
}


class Ballot(NamedTuple):
    """One question to one voter."""

    voter: Voter
    repeat: Kind | None
    """How the question was changed, where the session's model is asked again; None: a vote."""
    messages: list[BaseMessage]
    answers: tuple[str, ...]
    """Names of the answers that the moment allows."""

    def tokens(self) -> TokenCount:
        """Tokens of the question."""
        return self.voter.planner.count(self.messages, self.answers)


class Vote(NamedTuple):
    """What came back."""

    ballot: Ballot
    reply: Reply | None
    """None: nobody answered."""
    said: Answer | Invalid | PlangateError
    took_ms: float

    @property
    def answer(self) -> Answer | None:
        """What counts; None: nothing that could be read."""
        return None if isinstance(self.said, Invalid | PlangateError) else self.said

    @property
    def kind(self) -> Said:
        """What it is, in one word."""
        for name, kind in _KINDS.items():
            if isinstance(self.said, kind):
                return name
        return "invalid" if self.reply else "none"

    @property
    def complaint(self) -> str | None:
        """Why nothing counts."""
        if isinstance(self.said, PlangateError):
            return f"{type(self.said).__name__}: {self.said}"
        return (
            f"{self.said.code}: {self.said.complaint}" if isinstance(self.said, Invalid) else None
        )


def answer_of(kind: Said, body: Mapping[str, Any] | None) -> Answer | None:
    """The answer of a vote that was kept as its kind and its body; None where none counts."""
    return _KINDS[kind].model_validate(body) if kind in _KINDS else None


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


async def ask_all(
    asked: Sequence[Ballot], timeout_s: float, allowance: JointAllowance | None = None
) -> list[Vote]:
    """All at once, each within `timeout_s`; who does not answer has no vote.

    What one call of each may cost is set aside before anybody is asked, and given back where it was
    never made.

    Raises:
        OverBudget: there is not the money for all; nobody was asked.
    """
    aside = {} if allowance is None else _set_aside(asked, allowance)
    try:
        asking = (
            _ask(ballot, timeout_s, aside.get(index, allowance))
            for index, ballot in enumerate(asked)
        )
        return list(await asyncio.gather(*asking))
    finally:
        for one in aside.values():
            one.release()


def _set_aside(asked: Sequence[Ballot], allowance: JointAllowance) -> dict[int, SetAside]:
    """The allowance of each question, by its index; rules need none."""
    longest = allowance.longest_answer_tokens
    claims = [
        ballot.voter.planner.claims(ballot.messages, longest, ballot.answers) for ballot in asked
    ]
    paid = [index for index, calls in enumerate(claims) if calls]
    receipts = allowance.reserve_all([claims[index] for index in paid])
    return {i: SetAside(allowance, receipt) for i, receipt in zip(paid, receipts, strict=True)}


async def _ask(ballot: Ballot, timeout_s: float, allowance: Allowance | None) -> Vote:
    begun = time.monotonic()
    try:
        reply = await ballot.voter.planner.ask(
            ballot.messages, timeout_s=timeout_s, allowance=allowance, offers=ballot.answers
        )
    except (Unreachable, AccessRefused, ConfigError, OverBudget) as error:
        ballot.voter.planner.tell(ballot.voter.planner.model_name, error)
        return Vote(ballot, None, error, (time.monotonic() - begun) * 1000)
    parsed = parse_answer(reply.message, ())
    if isinstance(parsed, Asked):  # there is nothing that it could ask
        parsed = Invalid("UNKNOWN_TOOL", "a second opinion has no data tools")
    return Vote(ballot, reply, parsed, reply.latency_ms)


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
