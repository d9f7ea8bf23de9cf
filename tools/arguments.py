"""What a model wrote as arguments, checked against the tool's own schema before anything runs.

Strict: LangChain's own check would take "7" for 7, true for 1, and drop what it does not know, and
then a model that misspells an argument gets an answer to a question it did not ask.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

from domain.errors import ConfigError
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
        given = json.loads(json.dumps(arguments, default=_number))
        complaints += _against_schema(schema, {k: v for k, v in given.items() if k in known})
    if complaints:
        told, more = complaints[:MAX_COMPLAINTS], len(complaints) - MAX_COMPLAINTS
        rest = [f"and {more} more"] if more > 0 else []
        raise ToolComplaint("BAD_ARGUMENTS", f"{tool.name}: {'; '.join([*told, *rest])}")
    return given


def require_schema(name: str, schema: dict[str, Any]) -> None:
    """Refuse arguments that cannot be checked here: what is no schema, or lies elsewhere.

    Raises:
        ConfigError: naming the tool and what is wrong with its schema.
    """
    from jsonschema import SchemaError

    try:
        _validator(schema).check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"{name}: its arguments are no JSON schema: {error.message}") from error
    if schema.get("type") != "object":
        raise ConfigError(f"{name}: its arguments are {schema.get('type')!r}, expected an object")
    if far := [ref for ref in _references(schema) if not ref.startswith("#")]:
        raise ConfigError(f"{name}: its arguments refer to {far[0]!r}, which lies elsewhere")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(key), str):
                yield schema[key]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _validator(schema: dict[str, Any]) -> Any:
    """The class for the dialect that a schema names; the newest where it names none."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    return validator_for(schema, default=Draft202012Validator)


def _against_schema(schema: Any, arguments: dict[str, Any]) -> list[str]:
    """Complaints of a plain JSON schema; nothing is fetched for a reference of it.

    Patterns are left to who wrote them: a stranger's can take Python's `re` longer than a session.
    """
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    lenient = extend(_validator(schema), dict.fromkeys(("pattern", "patternProperties"), _let_pass))
    checker = lenient(schema, registry=Registry())
    try:
        found = sorted(checker.iter_errors(arguments), key=lambda error: list(map(str, error.path)))
    except (RecursionError, Unresolvable):
        return ["its schema refers to itself or to nothing, and no arguments can meet it"]
    return [_schema_wrong(error) for error in found]


def _let_pass(*_: Any) -> Iterator[Any]:
    return iter(())


def _schema_wrong(error: Any) -> str:
    if error.validator == "required":
        return str(error.message).replace(" a required property", " required")
    where = ".".join(map(str, error.absolute_path)) or "arguments"
    expected = f"{error.validator} {json.dumps(error.validator_value)[:MAX_QUOTED]}"
    return f"{where} is {repr(error.instance)[:MAX_QUOTED]}: was expected to meet {expected}"


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
