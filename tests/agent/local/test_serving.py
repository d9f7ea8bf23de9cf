"""The local model's server: on loopback, behind a key, and gone with whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from agent.local.assembling import assemble
from agent.local.recipe import Recipe
from agent.local.serving import Served, serving
from domain.errors import ConfigError, StateError
from tests.agent.local.pieces import Shelf, small_recipe

ROOT = Path(__file__).parents[3]
HOLD = """
import asyncio, pathlib, sys, tempfile
from agent.local.serving import serving
from tests.agent.local.pieces import small_recipe
async def hold():
    recipe = small_recipe(pathlib.Path(tempfile.mkdtemp()))
    async with serving(recipe, pathlib.Path(sys.argv[1]), 9) as served:
        print(served.base_url, flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


@pytest.fixture
async def recipe(tmp_path: Path) -> Recipe:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    made = small_recipe(wheels)
    await assemble(made, tmp_path / "home", Shelf(wheels).fetch, lambda *_: None)
    return made


async def asked(served: Served, key: str) -> tuple[int, object]:
    headers = {"authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as client,
        client.get(served.base_url, headers=headers) as got,
    ):
        return got.status, await got.json(content_type=None)


async def test_it_answers_who_has_the_key_and_nobody_when_the_block_ends(
    recipe: Recipe, tmp_path: Path
) -> None:
    async with serving(recipe, tmp_path / "home", 4096, threads=3) as served:
        assert served.base_url.startswith("http://127.0.0.1:")
        told = {"first": "GGUF", "context": 4096, "threads": 3}
        assert await asked(served, served.key) == (200, told)
        assert (await asked(served, "another"))[0] == 401
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(served, served.key)


async def test_what_is_not_there_or_does_not_start_says_which_command_helps(
    recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="run: plangate model install local"):
        async with serving(recipe, tmp_path / "elsewhere", 4096):
            pass
    library = recipe.runtime_folder(tmp_path / "home") / "xllamacpp" / "__init__.py"
    library.write_text("raise OSError('this machine is too old')", encoding="utf-8")
    with pytest.raises(StateError, match=r"too old.*plangate model install local"):
        async with serving(recipe, tmp_path / "home", 4096):
            pass


@pytest.mark.usefixtures("recipe")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_goes_with_its_session_however_that_ends(tmp_path: Path, number: int) -> None:
    begun = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "home")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert begun.stdout is not None
    address = begun.stdout.readline().strip()
    served = Served(address, "another")
    assert asyncio.run(asked(served, "another"))[0] == 401
    begun.send_signal(number)
    try:
        begun.wait(timeout=20)
    finally:
        begun.kill()
        begun.stdout.close()
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        try:
            asyncio.run(asked(served, "another"))
        except aiohttp.ClientConnectionError:
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its session")
