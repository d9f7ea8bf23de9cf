from __future__ import annotations

from typing import Any

import pytest

from graph import routes
from graph.state import RunState, initial_state


def state(**changes: Any) -> RunState:
    return RunState(**{**initial_state("r", "S", "2024-01-01"), **changes})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("answer", "node"),
    [
        ("tool_calls", "call_tools"),
        ("plan", "review"),
        ("exit", "submit"),
        ("invalid", "revise"),
    ],
)
def test_an_answer_leads_to_its_node(answer: str, node: str) -> None:
    assert routes.after_plan(state(answer=answer)) == node
    assert routes.after_plan(state(answer=answer, outcome="failed")) == "record"


def test_an_approved_plan_is_submitted_and_a_hopeless_one_is_not_asked_about_again() -> None:
    assert routes.after_review(state(approved=True)) == "submit"
    assert routes.after_review(state(codes=["RR_BELOW_MIN"])) == "revise"
    assert routes.after_review(state(codes=["RR_BELOW_MIN", "DAILY_LOSS_LIMIT"])) == "record"


def test_hopeless_codes_are_codes_of_the_gate() -> None:
    from policies.gate import RULES

    text = "".join(rule.check.__doc__ or "" for rule in RULES)
    known = {code for code in routes.HOPELESS if code in text} | {"CONTROL_ERROR"}
    assert known == routes.HOPELESS


def test_an_outcome_ends_the_run() -> None:
    assert routes.after_observe(state()) == "plan"
    assert routes.after_observe(state(outcome="failed")) == "record"
    assert routes.after_revise(state()) == "plan"
    assert routes.after_revise(state(outcome="denied")) == "record"
