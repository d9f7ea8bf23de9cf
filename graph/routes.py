"""Where a run goes next: pure functions of the state that return the name of a node."""

from __future__ import annotations

from typing import Literal

from graph.caps import Caps
from graph.state import RunState

HOPELESS = frozenset(
    {
        "UNKNOWN_SYMBOL",
        "SYMBOL_NOT_TRADABLE",
        "VOL_UNAVAILABLE",
        "STALE_DATA",
        "CLOCK_SKEW",
        "BOOK_CROSSED",
        "MAX_OPEN_POSITIONS",
        "DUPLICATE_INTENT",
        "MAX_TRADES_DAY",
        "DAILY_LOSS_LIMIT",
        "FUNDING_COST_LIMIT",
        "CONTROL_ERROR",
    }
)
"""Denials that no other plan for this symbol at this moment would escape: asking again costs money
and cannot help."""


def after_observe(state: RunState) -> Literal["plan", "record"]:
    """On to the model, unless the market could not be seen."""
    return "record" if "outcome" in state else "plan"


def after_plan(
    state: RunState,
) -> Literal["call_tools", "review", "revise", "submit", "record"]:
    """By the kind of answer; a cap, an outage or an abstention ends the run."""
    if "outcome" in state:
        return "record"
    match state["answer"]:
        case "tool_calls":
            return "call_tools"
        case "plan":
            return "review"
        case "exit":
            return "submit"
        case _:
            return "revise"


def after_review(state: RunState) -> Literal["submit", "revise", "record"]:
    """Approved goes on; denied goes back, unless no revision could change the answer."""
    if state["approved"]:
        return "submit"
    return "record" if HOPELESS & set(state["codes"]) else "revise"


def after_revise(state: RunState) -> Literal["plan", "record"]:
    """Back to the model, unless the revisions are used up."""
    return "record" if "outcome" in state else "plan"


def may_revise(caps: Caps, state: RunState) -> bool:
    """Whether a denial may still go back to the model."""
    return state["revisions"] < caps.max_revisions_count
