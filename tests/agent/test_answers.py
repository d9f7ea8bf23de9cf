"""The answer tools' schemas are what the domain says, in the words of its docstrings."""

from __future__ import annotations

import json
from pathlib import Path

from agent.answers import answer_tools, possible_answers
from domain.plan import PlanDraft

SNAPSHOT = Path(__file__).parents[1] / "snapshots" / "answer_tools.json"


def test_the_schemas_are_those_that_were_reviewed() -> None:
    assert answer_tools() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_the_schemas_stand_alone_and_are_closed() -> None:
    text = json.dumps(answer_tools())
    for word in ("$ref", "$defs", '"title"'):
        assert word not in text
    for tool in answer_tools():
        assert tool["function"]["parameters"]["additionalProperties"] is False


def test_every_field_is_there_and_none_that_sizes() -> None:
    plan = answer_tools()[0]["function"]["parameters"]
    assert set(plan["properties"]) == set(PlanDraft.model_fields)
    assert not {"quantity", "size", "leverage", "stop"} & set(plan["properties"])


def test_a_caller_cannot_change_the_schemas_for_others() -> None:
    answer_tools()[0]["function"]["name"] = "changed"
    assert answer_tools()[0]["function"]["name"] == "propose_plan"


def test_what_could_only_be_denied_is_not_offered() -> None:
    assert possible_answers(plan_stands=False, position_open=False) == ("propose_plan", "no_trade")
    change = ("replan", "propose_exit", "no_trade")
    assert possible_answers(plan_stands=True, position_open=False) == change
    assert possible_answers(plan_stands=True, position_open=True) == change
    dust = ("propose_plan", "propose_exit", "no_trade")
    assert possible_answers(plan_stands=False, position_open=True) == dust
