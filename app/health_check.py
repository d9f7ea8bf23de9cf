"""One thing that `plangate doctor` looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class Check(NamedTuple):
    """One thing looked at; `exit_code` is what doctor exits with when it is broken."""

    name: str
    status: Literal["ok", "note", "broken"]
    detail: str
    exit_code: int = 0
    facts: Mapping[str, Any] = {}
    """The same for a program, where there are numbers."""
