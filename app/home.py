"""Where plangate keeps its state; light, because listing commands start with it."""

from __future__ import annotations

import os
from pathlib import Path

DATABASE = "plangate.db"
CHECKPOINTS = "checkpoints.db"
TELEMETRY = "telemetry.jsonl"


def state_home() -> Path:
    """The folder named by `PLANGATE_HOME`, or the platform's state folder for plangate."""
    if named := os.environ.get("PLANGATE_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_state_path

    return user_state_path("plangate", appauthor=False)
