"""Asking for second opinions: all at once, all or nobody, and what each of them said.

A voter has the ways to answer and no tool for data. What is made of the answers is another module's
(`agent.consensus`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from agent.allowance import Allowance, JointAllowance, SetAside
from agent.asking import Reply
from agent.ballots import Ballot
from agent.parse import Asked, Invalid, parse_answer
from domain.errors import AccessRefused, ConfigError, OverBudget, PlangateError, Unreachable
from domain.plan import Answer, ExitDraft, NoTrade, PlanDraft, ReplanDraft

Said = Literal["plan", "replan", "exit", "no_trade", "invalid", "none"]
_KINDS: dict[Said, type[Answer]] = {
    "plan": PlanDraft,
    "replan": ReplanDraft,
    "exit": ExitDraft,
    "no_trade": NoTrade,
}


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
    return vote_of(ballot, reply)


def vote_of(ballot: Ballot, reply: Reply) -> Vote:
    """What an answer comes to."""
    parsed = parse_answer(reply.message, ())
    if isinstance(parsed, Asked):  # there is nothing that it could ask
        parsed = Invalid("UNKNOWN_TOOL", "a second opinion has no data tools")
    return Vote(ballot, reply, parsed, reply.latency_ms)
