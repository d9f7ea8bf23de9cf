"""Where a run goes next: pure functions of the state that return the name of a node."""

from __future__ import annotations

from typing import Literal

from graph.state import RunState


def after_observe(state: RunState) -> Literal["plan", "record"]:
    """On to the model, unless the market could not be seen."""
    return "plan" if state["outcome"] is None else "record"


def after_plan(
    state: RunState,
) -> Literal["call_tools", "consult", "review", "revise", "submit", "record"]:
    """By the kind of answer; a cap, an outage or an abstention ends the run.

    Once others were asked, every new draft meets what they said before the gate.
    """
    if state["outcome"] is not None:
        return "record"
    match state["answer"]:
        case "tool_calls":
            return "call_tools"
        case "plan" | "replan":
            return "consult" if state.get("opinions") else "review"
        case "exit":
            return "submit"
        case _:
            return "revise"


def after_review(state: RunState) -> Literal["consult", "submit", "revise", "record"]:
    """Approved goes on; denied goes back, unless that could not help or was done enough."""
    if state["outcome"] is not None:
        return "record"
    if not state["approved"]:
        return "revise"
    return "consult" if state.get("consults") and not state["opinions"] else "submit"


def after_consult(state: RunState) -> Literal["review", "submit", "record"]:
    """What the gate has let through goes on as it is; another draft has to face it."""
    if state["outcome"] is not None:
        return "record"
    return "submit" if state["approved"] else "review"
