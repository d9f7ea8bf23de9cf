"""The file of models that an operator writes, and the keys that the environment has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.model_spec import ModelSpec, chain_of, read_models
from agent.prices import RULES
from app.settings import model_keys, secrets_named
from domain.strict_json import content_hash
from policies.short_file import parse_toml, read_short


def read_model_file(path: Path | None) -> dict[str, ModelSpec]:
    """The models of a file by name; none without one.

    Raises:
        ConfigError: naming what is wrong, and what is allowed.
    """
    if path is None:
        return {}
    where = f"models {str(path)!r}"
    return read_models(parse_toml(read_short(path, where), where, Decimal), where)


def keys_for(name: str, models: Mapping[str, ModelSpec]) -> dict[str, str]:
    """The keys of a model and of those asked in its place, by the names of their variables.

    Raises:
        ConfigError: no such model, or the environment lacks a key that the file names.
    """
    if name == RULES:
        return {}
    named = (spec.key_env for spec in chain_of(name, models).values())
    return model_keys() | secrets_named(dict.fromkeys(one for one in named if one))


def sees(names: Iterable[str], models: Mapping[str, ModelSpec]) -> bool:
    """Whether any of the models, or of those asked in their place, takes pictures.

    Raises:
        ConfigError: no such model.
    """
    asked = (chain_of(name, models) for name in names if name != RULES)
    return any(spec.vision for chain in asked for spec in chain.values())


def deciding(name: str, models: Mapping[str, ModelSpec]) -> str | None:
    """A hash of what decides, where a file says it; another price or address is no other session.

    Raises:
        ConfigError: no such model.
    """
    if name not in models:
        return None
    counted = {"kind", "model", "temperature", "max_output_tokens", "tool_calling"}
    chain: dict[str, Any] = {
        # What sees is another planner; of what does not, the hash is as it always was.
        one: spec.model_dump(mode="json", include=counted | ({"vision"} if spec.vision else set()))
        for one, spec in chain_of(name, models).items()
    }
    return content_hash(chain)
