"""Schemas are sent without what leaving an argument out says already."""

from __future__ import annotations

from agent.schemas import compact


def test_null_that_is_the_default_is_not_offered() -> None:
    field = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "description": "D"}
    assert compact({"properties": {"symbol": field}}) == {
        "properties": {"symbol": {"type": "string", "description": "D"}}
    }


def test_null_that_means_something_else_stays() -> None:
    for field in (
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"anyOf": [{"type": "string"}, {"type": "null"}], "default": "x"},
        {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}], "default": None},
    ):
        assert compact(field) == field


def test_an_empty_list_is_no_default_worth_telling() -> None:
    assert compact({"type": "array", "default": []}) == {"type": "array"}
    assert compact({"type": "array", "default": [1]}) == {"type": "array", "default": [1]}
