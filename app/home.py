"""Where plangate keeps its state; light, because listing commands start with it."""

from __future__ import annotations

import os
from pathlib import Path

from traces.place import Place

DATABASE = "plangate.db"
CHECKPOINTS = "checkpoints.db"
TELEMETRY = "telemetry.jsonl"


def state_home() -> Path:
    """The folder named by `PLANGATE_HOME`, or the platform's state folder for plangate."""
    if named := os.environ.get("PLANGATE_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_state_path

    return user_state_path("plangate", appauthor=False)


def local_folder(home: Path) -> Path:
    """Where the local model is, once it is installed."""
    return home / "models" / "local"


def database_place() -> Place:
    """The one database: the server of `PLANGATE_DATABASE_URL`, else a file in the state folder.

    Raises:
        ConfigError: an environment variable is misspelt or holds a value it cannot take.
    """
    home = state_home()
    if "PLANGATE_DATABASE_URL" not in os.environ:
        return home / DATABASE
    # Imported only here, and it alone reads the value: settings are slow to import.
    from app.settings import load_settings

    return load_settings().server(home) or home / DATABASE
