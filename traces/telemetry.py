"""One flat JSON line a decision: inputs, decision, verdict, fill; wanted against filled."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SCHEMA = "plangate.telemetry/1"


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Append one line in one write; the file is the owner's alone."""
    text = json.dumps({"schema": SCHEMA, **line}, separators=(",", ":"), default=str) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
