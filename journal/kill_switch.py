"""The kill switch: a file beside the database that any program, or a hand, can put there.

While it lies there nothing is opened; exits go on. What it holds does not matter.
"""

from __future__ import annotations

from pathlib import Path

KILL_SWITCH = "kill-switch"


def kill_switch(folder: Path) -> bool | None:
    """Whether the switch lies in `folder`; None when that cannot be read, which denies as well."""
    try:
        (folder / KILL_SWITCH).lstat()
    except FileNotFoundError:
        # A folder that is gone holds no switch, and says nothing about the one that was in it.
        return False if folder.is_dir() else None
    except OSError:
        return None
    return True
