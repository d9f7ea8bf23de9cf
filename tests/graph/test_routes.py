from __future__ import annotations

from typing import Any

import pytest

from domain.finding import Stated
from domain.verdict import Approved, Denied
from graph import routes
from graph.caps import HOPELESS, Caps, may_go_on
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
    assert routes.after_review(state()) == "revise"
    assert routes.after_review(state(outcome="denied")) == "record"


def test_hopeless_codes_are_codes_of_the_gate() -> None:
    from policies.gate import RULES

    text = "".join(rule.check.__doc__ or "" for rule in RULES)
    known = {code for code in HOPELESS if code in text} | {"CONTROL_ERROR"}
    assert known == HOPELESS


@pytest.mark.parametrize(
    ("codes", "revisions", "goes_on"),
    [
        ([], 9, True),
        (["RR_BELOW_MIN"], 1, True),
        (["RR_BELOW_MIN"], 2, False),
        (["RR_BELOW_MIN", "DAILY_LOSS_LIMIT"], 0, False),
    ],
)
def test_a_denial_goes_back_while_it_can_help(
    codes: list[str], revisions: int, goes_on: bool
) -> None:
    findings = tuple(Stated(code, False, "", "", "") for code in codes)
    verdict = Denied(findings) if codes else Approved(None, ())  # type: ignore[arg-type]
    assert may_go_on(Caps(), state(revisions=revisions), verdict) is goes_on


def test_an_outcome_ends_the_run() -> None:
    assert routes.after_observe(state()) == "plan"
    assert routes.after_observe(state(outcome="failed")) == "record"
