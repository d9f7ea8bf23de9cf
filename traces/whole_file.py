"""A file that is there whole or not at all, whatever ends the program while it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """A file beside it to write to, which takes the place of `path` once all is written.

    Args:
        path: Where to.
        new: Refuse to take the place of another file.

    Raises:
        FileExistsError: there is one, and it was to be `new`.
        OSError: it cannot be written.
    """
    if new and path.exists():
        raise FileExistsError(path)
    half = path.with_name(f".{os.getpid()}.part")
    try:
        with half.open("wb") as file:
            yield file
        if new and path.exists():
            raise FileExistsError(path)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
