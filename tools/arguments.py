"""What a model wrote as arguments, checked against the tool's own schema before anything runs.

Strict: LangChain's own check would take "7" for 7, true for 1, and drop what it does not know, and
then a model that misspells an argument gets an answer to a question it did not ask.
"""

from __future__ import annotations

import json
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

from tools.protocol import ToolComplaint

MAX_COMPLAINTS = 5
"""How many are told at once; a model that is wrong in more ways is not helped by the list."""
MAX_QUOTED = 80
"""Characters of a wrong value that are quoted back."""


def offered(tool: BaseTool) -> list[str]:
    """Names of the arguments the model may give."""
    schema = tool.tool_call_schema
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return list(schema.model_fields)
    return list(schema.get("properties", {})) if isinstance(schema, dict) else []


def checked(tool: BaseTool, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as the tool gets them, defaults filled in where its schema has them.

    Raises:
        ToolComplaint: BAD_ARGUMENTS, with each argument, what it was and what was expected.
    """
    known = offered(tool)
    complaints = [_unknown(name, known) for name in arguments if name not in known]
    schema = tool.tool_call_schema
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        text = json.dumps({k: v for k, v in arguments.items() if k in known}, default=_number)
        try:
            given = schema.model_validate_json(text, strict=True).model_dump(mode="json")
        except ValidationError as error:
            complaints += [_wrong(item) for item in error.errors()]
    else:
        given = dict(arguments)
        required = schema.get("required", []) if isinstance(schema, dict) else []
        complaints += [f"{name!r} is required" for name in required if name not in arguments]
    if complaints:
        told, more = complaints[:MAX_COMPLAINTS], len(complaints) - MAX_COMPLAINTS
        rest = [f"and {more} more"] if more > 0 else []
        raise ToolComplaint("BAD_ARGUMENTS", f"{tool.name}: {'; '.join([*told, *rest])}")
    return given


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} was not expected in arguments read from JSON")


def _unknown(name: str, known: list[str]) -> str:
    name = name[:MAX_QUOTED]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    names = ", ".join(known) or "none"
    offer = f"did you mean {near[0]!r}?" if near else f"known: {names}"
    return f"unknown argument {name!r}, {offer}"


def _wrong(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "arguments"
    if item["type"] == "missing":
        return f"{where!r} is required"
    return f"{where} is {repr(item['input'])[:MAX_QUOTED]}: {item['msg']}"
