"""Where a run goes next: pure functions of the state that return the name of a node."""

from __future__ import annotations

from typing import Literal

from graph.state import RunState


def after_observe(state: RunState) -> Literal["plan", "record"]:
    """On to the model, unless the market could not be seen."""
    return "plan" if state["outcome"] is None else "record"


def after_plan(
    state: RunState,
) -> Literal["call_tools", "review", "revise", "submit", "record"]:
    """By the kind of answer; a cap, an outage or an abstention ends the run."""
    if state["outcome"] is not None:
        return "record"
    match state["answer"]:
        case "tool_calls":
            return "call_tools"
        case "plan" | "replan":
            return "review"
        case "exit":
            return "submit"
        case _:
            return "revise"


def after_review(state: RunState) -> Literal["submit", "revise", "record"]:
    """Approved goes on; denied goes back, unless that could not help or was done enough."""
    if state["outcome"] is not None:
        return "record"
    return "submit" if state["approved"] else "revise"
