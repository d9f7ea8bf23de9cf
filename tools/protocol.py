"""What a tool is given, what it answers, and what the desk makes of it.

Tools are LangChain tools. What the model may say are the arguments in their schema; what the desk
injects (`ToolRequest`) is invisible to the model. A refusal or failure is an answer, never an
exception through the graph.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic_core import CoreSchema, core_schema

from domain.plan import PlanDraft
from domain.verdict import Verdict
from journal.books import Journal
from market.feeds.protocol import NO_FEEDS, Feeds
from market.protocol import MarketSource
from policies.settings import Policy

Reviewing = Callable[[PlanDraft], Awaitable[Verdict]]
"""What the gate says of a draft, as if it were proposed now; nothing comes of it."""

Refusal = Literal[
    "NOT_ALLOWED",
    "NOT_NOW",
    "BAD_ARGUMENTS",
    "RATE_LIMITED",
    "BUDGET_SPENT",
    "UNAVAILABLE",
    "TIMED_OUT",
    "TOO_LARGE",
    "NOT_OFFERED",
    "FAILED",
]


class ToolComplaint(Exception):
    """Raised inside a tool: the model should see this sentence and may ask differently."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        self.refusal: Refusal = refusal
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """Injected by the desk: what the call is about. Not part of the schema the model sees."""

    source: MarketSource
    symbol: str
    """The instrument under decision; the default of every `symbol` argument."""
    symbols: tuple[str, ...]
    """The symbols the model may ask about."""
    timeframe: str
    """The decision timeframe."""
    as_of: datetime
    """Nothing known later may be returned."""
    feeds: Feeds = NO_FEEDS
    """News, sentiment and other markets, as far as the session has them."""
    patience_s: float = 8.0
    """How long one part of an answer may take before the rest is told without it."""
    journal: Journal | None = None
    """The session's record, only to be read; None where there is no session."""
    policy: Policy | None = None
    """The gate's limits; None where there is no session."""
    review: Reviewing | None = None
    """Holds a draft before the gate and forgets it; None where there is no account to judge by."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        # LangChain builds a validator for every argument of a tool, injected ones too; of this one
        # it is enough that it is a request. What lies inside was made by us, not by a model.
        return core_schema.is_instance_schema(cls)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a decision has had of the desk before this turn, and what time it has left."""

    calls_count: int = 0
    cost_units: int = 0
    turns_count: int = 0
    """Turns in which data was asked for."""
    proposals_count: int = 0
    """Plans that were proposed, approved or not."""
    remaining_s: float = float("inf")
    """Wall time until the decision must be made."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as the model made it."""

    call_id: str
    """The provider's id of the call; the answer carries it back."""
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What came of one call."""

    call: ToolCall
    result_id: str
    """`ohlcv#1`: the name a plan's evidence refers to; unique within a run."""
    content: str
    """Compact JSON for the model: the data with source, origin and age, or the refusal."""
    refusal: Refusal | None
    latency_ms: float
    """Wall time of the call, 0 from the cache."""
    cached: bool
    """Nothing was asked for it: kept, or shared with an equal call."""
    cost_units: int
    """What it took from the decision's cost budget."""
    partial: bool
    """Something that was asked for could not be had; the answer says what."""
    source: str
    origin: str
    known_at: datetime | None
    """When the newest datum in the answer became known; never after the request's `as_of`."""
