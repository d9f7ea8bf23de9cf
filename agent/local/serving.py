"""The local model's server: a process of its own on loopback, which ends with this one.

It is told what to serve through a pipe that stays open: when this process ends, however it ends,
the pipe closes and the server goes. Its port is free when it is taken, and its key is made anew, so
that no other program of the machine, and no page in a browser, has a word with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from agent.local.recipe import Recipe
from domain.errors import ConfigError, StateError

START_TIMEOUT_S = 120.0
"""Loading takes five seconds, on a disk that is asleep many more."""

END_TIMEOUT_S = 5.0

MAX_THREADS = 8
"""More make so small a model no faster."""

CACHE_MIB = 512
"""Of prompts that were read already; the rules before every question are read once."""

_SERVER = Path(__file__).with_name("server.py")
_SHOWN_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Served:
    """A model that is being served."""

    base_url: str
    key: str
    """Never to be written."""


@asynccontextmanager
async def serving(
    recipe: Recipe, folder: Path, context_tokens: int, threads: int | None = None
) -> AsyncIterator[Served]:
    """Serve the model of `folder` for as long as the block runs.

    Args:
        recipe: What the model is made of.
        folder: Where it was assembled.
        context_tokens: Longest prompt and answer together.
        threads: That it reckons with; None is all cores but one.

    Raises:
        ConfigError: it is not installed.
        StateError: the server did not start.
    """
    if not recipe.installed(folder):
        raise ConfigError(
            f"the local model is not installed in {str(folder)!r}; "
            "run: plangate model install local"
        )
    key = secrets.token_urlsafe(24)
    asked = {
        "runtime": str(recipe.runtime_folder(folder)),
        "model": str(recipe.file(folder)),
        "name": recipe.file(folder).stem,
        "key": key,
        "context_tokens": context_tokens,
        "cache_mib": CACHE_MIB,
        "threads": threads or _threads(),
    }
    with TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_SERVER)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            address = await _address(process, json.dumps(asked))
            if address is None:
                log.seek(0)
                said = " ".join(log.read().decode(errors="replace").split())
                raise StateError(
                    "the local model's server did not start "
                    f"({said[-_SHOWN_CHARACTERS:] or 'it said nothing'}); to make sure that it is "
                    "whole, run: plangate model install local"
                )
            yield Served(f"{address}/v1", key)
        finally:
            await _end(process)


def _threads() -> int:
    """One core is left to everybody else: threads that wait for each other spin, and crawl."""
    return max(1, min(MAX_THREADS, (os.cpu_count() or 2) - 1))


async def _address(process: Process, asked: str) -> str | None:
    """What the server says when it is ready; None when it ended or took too long."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("the server was started without pipes")
    process.stdin.write(asked.encode() + b"\n")
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while line := await process.stdout.readline():
                if line.startswith(b"{"):
                    return str(json.loads(line)["address"])
    except TimeoutError:
        return None
    return None


async def _end(process: Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
