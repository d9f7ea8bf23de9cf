"""What an operator writes by hand: a page of TOML, read whole or refused with a sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.errors import ConfigError

MAX_FILE_BYTES = 65_536
"""What is larger is some other file."""


def read_short(path: Path, where: str, *, instead: str = "") -> bytes:
    """The content of a file.

    Args:
        path: Of the file.
        where: What it is called in complaints, such as `policy file 'x.toml'`.
        instead: What else could have been named, for a file that is not there.

    Raises:
        ConfigError: it cannot be read, or is larger than 64 KB.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {where}: {error.strerror}{instead}") from error
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{where} is larger than {MAX_FILE_BYTES} bytes, expected a short file")
    return content


def parse_toml(content: bytes, where: str, number: Callable[[str], Any] = float) -> dict[str, Any]:
    """The table in the content of a file.

    Args:
        content: UTF-8; some editors put a byte order mark first, which says nothing.
        where: As in `read_short`.
        number: What reads a number with a point or an exponent.

    Raises:
        ConfigError: it is no TOML, nested too deeply, or holds a number that cannot be read.
    """
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=number)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{where} is nested too deeply, expected lines of key = value") from error
    except (ValueError, ArithmeticError) as error:
        raise ConfigError(f"{where} holds a number too large or too small to read") from error
