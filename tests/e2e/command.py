"""Runs the real command in a process of its own, with a state folder of its own."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "app.cli"]
FORKS = multiprocessing.get_context("forkserver")
WARM = (
    *("app.cli.main", "app.run_command", "app.report_page", "app.studio", "app.cli.run_view"),
    *("agent.rules_model", "market.sources.synthetic", "langgraph.checkpoint.sqlite.aio"),
    *("pandas", "talib", "ccxt.async_support", "langchain_openai"),
)
"""What a command imports, at its beginning and later."""
FORKS.set_forkserver_preload(list(WARM))


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
    """Run `plangate WORDS` to its end, in a process of its own.

    The process is forked from one that has imported everything already: most of what a short
    command takes is imports.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        surroundings = environment(home, **extra)
        arguments = (words, surroundings, str(cwd or home), str(out), str(err))
        process = FORKS.Process(target=play, args=arguments)
        process.start()
        process.join(timeout=100)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"plangate {' '.join(words)} took longer than 100 s")
        return Ran(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def unasked(home: Path) -> str:
    """A policy that asks nobody where numbers come from: the test is about what comes after."""
    file = home / "policy.toml"
    file.write_text('evidence = "off"\n', encoding="utf-8")
    return str(file)


def play(words: Sequence[str], surroundings: dict[str, str], cwd: str, out: str, err: str) -> None:
    """The command, in this process: its environment, folder and streams are set first."""
    os.environ.clear()
    os.environ.update(surroundings)
    os.chdir(cwd)
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = ["plangate", *words]
    importlib.import_module("app.cli.main").main()
