"""How many tokens the opening prompt and each of its sections may take: data, never code.

The numbers lie in `prompts/budget.toml`; a session's file changes some of them. They enter the hash
of the prompt, because what is left out is not what was reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import ConfigError
from policies.short_file import parse_toml, read_short

SectionName = Literal[
    "denial",
    "account",
    "quality",
    "regime",
    "book",
    "funding",
    "memory",
    "missing",
    "features",
    "candles",
    "universe",
    "recent",
    "provenance",
]
"""Sections of the situation that may give way; what stands above them never does."""
Tokens = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class SectionBudget(_Part):
    """What one section may take."""

    tokens: Tokens
    """At most, by itself; 0 leaves it out."""
    priority: Annotated[int, Field(ge=1, le=99)]
    """Of all sections the one with the highest number gives way first."""


class PromptBudget(_Part):
    """What the opening prompt may take."""

    total_tokens: Tokens
    """Rules, tool schemas and situation together."""
    least_situation_tokens: Tokens
    """Of the situation, however long rules and tools are."""
    sections: dict[SectionName, SectionBudget]

    def for_situation(self, before_tokens: int) -> int:
        """What the situation may take after so many tokens of rules and tools."""
        return max(self.total_tokens - before_tokens, self.least_situation_tokens)


class _SectionChange(_Part):
    tokens: Tokens | None = None
    priority: Annotated[int | None, Field(ge=1, le=99)] = None


class _Changes(_Part):
    """What a session's file may say."""

    total_tokens: Tokens | None = None
    least_situation_tokens: Tokens | None = None
    sections: dict[SectionName, _SectionChange] = {}


@cache
def default_budget() -> PromptBudget:
    """The budgets that ship with us."""
    return PromptBudget.model_validate(_shipped())


def load_budget(path: Path) -> PromptBudget:
    """The budgets of a file.

    Raises:
        ConfigError: it cannot be read, or holds what is not allowed.
    """
    where = f"prompt file {str(path)!r}"
    return read_budget(parse_toml(read_short(path, where), where), where)


def read_budget(raw: Mapping[str, Any], where: str) -> PromptBudget:
    """The shipped budgets with those of a file in their place; `where` names it in complaints.

    Raises:
        ConfigError: naming what is wrong, and what is allowed.
    """
    try:
        changed = _Changes.model_validate(raw, strict=True).model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where}: {place}: {first['msg']}") from None
    shipped = _shipped()
    sections = {
        name: {**one, **changed["sections"].get(name, {})}
        for name, one in shipped["sections"].items()
    }
    return PromptBudget.model_validate({**shipped, **changed, "sections": sections})


def _shipped() -> dict[str, Any]:
    text = files("agent").joinpath("prompts", "budget.toml").read_bytes()
    return parse_toml(text, "prompts/budget.toml")
