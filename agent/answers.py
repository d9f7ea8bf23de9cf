"""The four ways to answer, as tools: the schema that the model reads is made from the domain.

A final answer is a tool call, so that it travels by the same road as the questions and every
provider constrains it alike. Strict mode is not asked for: it refuses bounds that we want the model
to see, and the answer is parsed strictly here in any case.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel

from agent.schemas import compact
from domain.plan import ExitDraft, NoTrade, PlanDraft, ReplanDraft

ANSWERS: dict[str, type[PlanDraft] | type[ReplanDraft] | type[ExitDraft] | type[NoTrade]] = {
    "propose_plan": PlanDraft,
    "replan": ReplanDraft,
    "propose_exit": ExitDraft,
    "no_trade": NoTrade,
}
"""Tool name to what its arguments must be; a call of one of these ends the asking."""


def possible_answers(*, plan_stands: bool, position_open: bool) -> tuple[str, ...]:
    """The answers that a moment allows; what could only be denied is not offered and costs nothing.

    Args:
        plan_stands: Whether a plan of the symbol works or guards.
        position_open: Whether anything is held, be it of no plan.
    """
    something = ("propose_exit",) if plan_stands or position_open else ()
    return ("replan" if plan_stands else "propose_plan", *something, "no_trade")


def answer_tools() -> list[dict[str, Any]]:
    """Answer tools in OpenAI's form; a fresh copy, since callers hand it to third parties."""
    return deepcopy(_tools())


def constrained_arguments(name: str) -> dict[str, Any] | None:
    """The schema of an answer's arguments for a server that writes by it; None: no answer's name.

    A model reads in words what conditions look like, and in a pattern reads only tokens; a server
    that constrains what is written needs the pattern.
    """
    return deepcopy(_parameters(ANSWERS[name])) if name in ANSWERS else None


@cache
def _tools() -> list[dict[str, Any]]:
    return [
        {"type": "function", "function": _function(name, model)} for name, model in ANSWERS.items()
    ]


def _function(name: str, model: type[BaseModel]) -> dict[str, Any]:
    parameters = _without_patterns(_parameters(model))
    return {"name": name, "description": parameters.pop("description"), "parameters": parameters}


@cache
def _parameters(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    parameters: dict[str, Any] = compact(_tidy(schema, schema.get("$defs", {})))
    return parameters


def _without_patterns(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_patterns(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_patterns(value) for key, value in node.items() if key != "pattern"}


def _tidy(node: Any, definitions: dict[str, Any]) -> Any:
    """References resolved, titles dropped, and defaults of numbers written as numbers."""
    if isinstance(node, list):
        return [_tidy(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _tidy(definitions[node["$ref"].rpartition("/")[2]], definitions)
    kept = {
        key: {name: _tidy(item, definitions) for name, item in value.items()}
        if key == "properties"
        else _tidy(value, definitions)
        for key, value in node.items()
        if key not in {"title", "$defs"}
    }
    default = kept.get("default")
    if kept.get("type") == "number" and isinstance(default, str):
        kept["default"] = float(default)
    return kept
