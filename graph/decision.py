"""What one run came to, as a document: written to the journal, printed by `--json`.

Holds nothing that differs between two runs over the same data: no wall-clock time, no session.
"""

from __future__ import annotations

from typing import Any

from graph.context import RunContext
from graph.recording import plan_of, verdict_of
from graph.state import RunState
from policies.document import verdict_document


def decision_document(context: RunContext, state: RunState) -> dict[str, Any]:
    """The decision with every plan version, verdict and counter; JSON-able."""
    return {
        "run_id": state["run_id"],
        "symbol": state["symbol"],
        "as_of": state["as_of"],
        "outcome": state["outcome"],
        "codes": state["codes"],
        "reason": state["reason"],
        "woken": state["woken"],
        "seen": state["seen"],
        "wake_if": state["wake_if"],
        **({"opinions": _opinions(state["opinions"])} if state.get("opinions") else {}),
        "versions": [_version(context, pair) for pair in state["versions"]],
        "orders": state["orders"],
        "revisions": state["revisions"],
        "model_calls": state["model_calls"],
        "tool_calls": state["tool_calls"],
        "input_tokens": state["input_tokens"],
        "output_tokens": state["output_tokens"],
        "cost_usd": state["cost_usd"],
    }


def _version(context: RunContext, pair: list[str]) -> dict[str, Any]:
    plan, verdict = plan_of(context, pair[0]), verdict_of(context, pair[1])
    return {
        "version": plan.version,
        "plan_id": plan.plan_id,
        "decision_price": str(plan.decision_price),
        "draft": plan.draft.model_dump(mode="json"),
        "verdict": verdict_document(verdict),
    }


def _opinions(said: dict[str, Any]) -> dict[str, Any]:
    """How many agreed, and how often the model did with itself; the votes are in the trace."""
    return {key: value for key, value in said.items() if key not in {"votes", "repeats"}}
