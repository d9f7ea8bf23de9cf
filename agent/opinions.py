"""Whose second opinions a session wants: voters, and its own model once more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.consensus import Terms
from agent.planner import Planner
from domain.numbers import plain


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
