"""Runs the real command in a process of its own, with a state folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "app.cli"]


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document it must be."""
        value: dict[str, Any] = json.loads(self.out)
        return value


def environment(home: Path, **extra: str) -> dict[str, str]:
    """A bare environment: no key, no proxy, nothing of the machine's own settings."""
    kept = {k: os.environ[k] for k in ("PATH", "LANG", "SYSTEMROOT") if k in os.environ}
    return {**kept, "PLANGATE_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "100", **extra}


def plangate(home: Path, *words: str, cwd: Path | None = None, **extra: str) -> Ran:
    """Run `plangate WORDS` to its end."""
    done = subprocess.run(
        [*COMMAND, *words],
        env=environment(home, **extra),
        cwd=cwd or home,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
