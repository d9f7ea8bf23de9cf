"""What `--faults` was given: a specification, or a file of one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from broker.fault_spec import FaultSpec, faults_of, read_faults
from domain.errors import ConfigError
from domain.strict_json import JsonRefused, loads

MAX_FILE_BYTES = 65_536


def open_faults(text: str) -> FaultSpec:
    """The faults named, or those in the TOML or JSON file named.

    Raises:
        ConfigError: naming what is wrong, and what is allowed.
    """
    path = Path(text)
    if "=" in text or path.suffix not in {".toml", ".json"}:
        return read_faults(text)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read faults {text!r}: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"faults {text!r} was expected within {MAX_FILE_BYTES} bytes")
    return faults_of(_table(raw, path), f"faults {text!r}")


def _table(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        words = raw.decode("utf-8-sig")
        table = loads(words) if path.suffix == ".json" else tomllib.loads(words)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, JsonRefused) as error:
        raise ConfigError(f"faults {str(path)!r} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"faults {str(path)!r} was expected to be one table of names and numbers")
    return table
