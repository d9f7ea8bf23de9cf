"""The file of the desk's limits: TOML in, one complaint per wrong key out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.errors import ConfigError
from policies.short_file import parse_toml, read_short
from tools.limits import McpServer, PythonTool, ToolLimit, ToolLimits

_TABLES: dict[str, type[BaseModel]] = {
    "tools": ToolLimit,
    "mcp": McpServer,
    "langchain": PythonTool,
}
"""What an entry of each named table is."""


def load_limits(path: Path | None) -> ToolLimits:
    """The limits in a TOML file; the defaults without one.

    Raises:
        ConfigError: the file is missing, larger than 64 KB, not TOML, or holds a key or value that
            is not allowed.
    """
    if path is None:
        return ToolLimits()
    where = f"tools file {str(path)!r}"
    return read_limits(parse_toml(read_short(path, where), where), where)


def read_limits(raw: dict[str, Any], where: str) -> ToolLimits:
    """Limits from parsed TOML; `where` names the file in complaints.

    Raises:
        ConfigError: naming each key, the value it had and what was expected.
    """
    try:
        # As JSON, so that an array may be a list of names while no text is taken for a number.
        return ToolLimits.model_validate_json(json.dumps(raw, default=str), strict=True)
    except ValidationError as error:
        told = "; ".join(_complaint(item) for item in error.errors())
        raise ConfigError(f"{where}: {told}") from error


def require_known(limits: ToolLimits, names: Sequence[str]) -> None:
    """Refuse limits for tools that are not there: a misspelt one would hold for nothing.

    Raises:
        ConfigError: naming the first, and what was meant.
    """
    for name in limits.tools:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.5)
            offer = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
            raise ConfigError(f"limits for unknown tool {name!r}; {offer}")


def _complaint(item: Any) -> str:
    path = [str(part) for part in item["loc"]]
    key = ".".join(path) or "file"
    if item["type"] == "extra_forbidden":
        near = get_close_matches(path[-1], _model_at(path).model_fields, n=1, cutoff=0.5)
        return f"unknown key {key!r}" + (f", did you mean {near[0]!r}?" if near else "")
    if item["type"] == "missing":
        return f"{key} is required"
    said = item["msg"].removeprefix("Value error, ")
    return f"{key} = {repr(item['input'])[:80]}: {said}"


def _model_at(path: list[str]) -> type[BaseModel]:
    """The model that the last key of a path was looked for in."""
    if len(path) == 2 and path[0] == "default":
        return ToolLimit
    return _TABLES[path[0]] if len(path) == 3 and path[0] in _TABLES else ToolLimits
