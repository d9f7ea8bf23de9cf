"""What a tool is given, what it answers, and what the desk makes of it.

Tools are LangChain tools. What the model may say are the arguments in their schema; what the desk
injects (`ToolRequest`) is invisible to the model. A refusal or failure is an answer, never an
exception through the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic_core import CoreSchema, core_schema

from market.feeds.protocol import NO_FEEDS, Feeds
from market.protocol import MarketSource

Refusal = Literal[
    "NOT_ALLOWED",
    "BAD_ARGUMENTS",
    "RATE_LIMITED",
    "BUDGET_SPENT",
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

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        # LangChain builds a validator for every argument of a tool, injected ones too; of this one
        # it is enough that it is a request. What lies inside was made by us, not by a model.
        return core_schema.is_instance_schema(cls)


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
    source: str
    origin: str
    known_at: datetime | None
    """When the newest datum in the answer became known; never after the request's `as_of`."""
