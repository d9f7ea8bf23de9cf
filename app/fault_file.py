"""What `--faults` was given: a specification, or a file of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broker.fault_spec import FaultSpec, faults_of, read_faults
from domain.errors import ConfigError
from domain.strict_json import JsonRefused, loads
from policies.short_file import parse_toml, read_short


def open_faults(text: str) -> FaultSpec:
    """The faults named, or those in the TOML or JSON file named.

    Raises:
        ConfigError: naming what is wrong, and what is allowed.
    """
    path = Path(text)
    if "=" in text or path.suffix not in {".toml", ".json"}:
        return read_faults(text)
    where = f"faults {text!r}"
    content = read_short(path, where)
    is_json = path.suffix == ".json"
    return faults_of(_json(content, where) if is_json else parse_toml(content, where), where)


def _json(content: bytes, where: str) -> dict[str, Any]:
    try:
        table = loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, JsonRefused) as error:
        raise ConfigError(f"{where} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{where} was expected to be one table of names and numbers")
    return table
