"""Hard limits of one run; reaching one ends the run with a recorded outcome, never silently."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.verdict import Verdict
from graph.state import RunState

HOPELESS = frozenset(
    {
        "UNKNOWN_SYMBOL",
        "SYMBOL_NOT_TRADABLE",
        "VENUE_MAINTENANCE",
        "MARKET_CLOSED",
        "NEWS_BLACKOUT",
        "PLAN_EXPIRED",
        "VOL_UNAVAILABLE",
        "DATA_GAP",
        "STALE_DATA",
        "CLOCK_SKEW",
        "BOOK_CROSSED",
        "SPREAD_TOO_WIDE",
        "DECISION_SLIPPAGE",
        "MAX_OPEN_POSITIONS",
        "MAX_OPEN_ORDERS",
        "DUPLICATE_INTENT",
        "MAX_TRADES_DAY",
        "MAX_ORDERS_MINUTE",
        "COOLDOWN",
        "LOSS_STREAK",
        "DAILY_LOSS_LIMIT",
        "MAX_DRAWDOWN",
        "KILL_SWITCH",
        "TRADING_HALTED",
        "NOT_RECONCILED",
        "CONTROL_ERROR",
    }
)
"""Denials that no other plan for this symbol at this moment would escape: asking again costs money
and cannot help."""


class Caps(BaseModel):
    """How much one decision may take."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_tool_turns_count: Annotated[int, Field(ge=0, le=20)] = 4
    """Turns in which the model may ask for data."""
    max_revisions_count: Annotated[int, Field(ge=0, le=5)] = 2
    """Times a denial or unreadable answer goes back to the model."""
    max_model_calls_count: Annotated[int, Field(ge=1, le=50)] = 8
    """Calls of the model, all kinds together."""
    max_tokens_count: Annotated[int, Field(ge=1000, le=2_000_000)] = 100_000
    """Input and output tokens, all calls together."""
    max_seconds_s: Annotated[float, Field(gt=0, le=3600)] = 180.0
    """Wall time from the first node to the last model call."""


DEFAULT_CAPS = Caps()


def cap_reached(caps: Caps, state: RunState, elapsed_s: float) -> tuple[str, str] | None:
    """The first cap that forbids another model call, as (code, sentence); None while there is room.

    Args:
        caps: The limits.
        state: Counters so far.
        elapsed_s: Wall seconds since the run began.
    """
    tokens = state["input_tokens"] + state["output_tokens"]
    if state["model_calls"] >= caps.max_model_calls_count:
        return "CALLS_CAP", f"the model was called {caps.max_model_calls_count} times, the cap"
    if tokens >= caps.max_tokens_count:
        return "TOKENS_CAP", f"{tokens} tokens were used, the cap is {caps.max_tokens_count}"
    if elapsed_s >= caps.max_seconds_s:
        return "DEADLINE", f"{elapsed_s:.1f} s have passed, the cap is {caps.max_seconds_s:g} s"
    return None


def may_revise(caps: Caps, state: RunState) -> bool:
    """Whether anything may still go back to the model."""
    return state["revisions"] < caps.max_revisions_count


def may_go_on(caps: Caps, state: RunState, verdict: Verdict) -> bool:
    """Whether a run goes on after a verdict: approved, or denied for what a revision may mend."""
    return verdict.approved or (may_revise(caps, state) and not HOPELESS & set(verdict.codes))
