"""Money for models: what a call may cost at the worst, what it did cost, how much may be spent.

US dollars throughout. A price that nobody named makes a cost unknown, which is None and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

from domain.numbers import ZERO, plain

PROBE = "probe"
"""In place of a node: by such a call a session sees whether a model is fit; no decision."""
USD_DIGITS = 12
"""Places of a dollar that are kept; a quotient is rounded to them."""


def usd_sum(parts: Iterable[Decimal | None]) -> dict[str, Any]:
    """A sum, JSON-able; null where a part is unknown, and what is known of it stands beside."""
    told = list(parts)
    known = plain(sum((usd for usd in told if usd is not None), ZERO), USD_DIGITS)
    unknown = told.count(None)
    return {"usd": None if unknown else known, "known_usd": known, "unknown_count": unknown}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    """Part of the input that the provider had cached."""
    source: Literal["provider", "tiktoken", "estimate"]
    """Who counted; `provider` also for the rules planner's exact zero."""
    reasoning_tokens: int = 0
    """Part of the output that the model thought with and did not show."""
    image_tokens: int = 0
    """Part of the input that pictures took, where the provider says it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes."""

    prompt_usd: Decimal
    answer_usd: Decimal

    @property
    def usd(self) -> Decimal:
        """Both together."""
        return self.prompt_usd + self.answer_usd


@dataclass(frozen=True, slots=True)
class Claim:
    """What a call wants before it is made."""

    model: str
    """As the user calls it."""
    prompt_tokens: int
    """As counted beforehand."""
    answer_tokens: int
    """The longest answer."""
    worst: Cost | None
    """What it may cost at the most; None: nobody named a price."""
    tool_tokens: Mapping[str, int] = field(default_factory=dict)
    """Part of the prompt that answers of tools take, by tool."""


@dataclass(frozen=True, slots=True)
class SpendingCaps:
    """How much may be spent on models; None: no cap."""

    decision_usd: Decimal | None = None
    """One decision, all its calls and tries."""
    day_usd: Decimal | None = None
    """One day (UTC, real time), all sessions of the database."""
    session_usd: Decimal | None = None
    """One session, as long as it lives."""

    @property
    def words(self) -> dict[str, str]:
        """The caps that are set, as text."""
        return {name: plain(cap) for name, cap in asdict(self).items() if cap is not None}
