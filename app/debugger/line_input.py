"""Lines from standard input, while everything else goes on: a live session looks after what it has.

Works on terminals, pipes and files; at the end of the input there is None.
"""

from __future__ import annotations

import asyncio
import os
import sys

_CHUNK_BYTES = 65_536


class LineInput:
    """Reads one line at a time."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._waiting = b""
        self._ended = False

    async def line(self) -> str | None:
        """The next line without its end; None when there is no more."""
        while b"\n" not in self._waiting and not self._ended:
            await self._readable()
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            self._waiting += chunk
            self._ended = not chunk
        if not self._waiting:
            return None
        line, _, self._waiting = self._waiting.partition(b"\n")
        return line.decode("utf-8", "replace")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, ready.set)
        except PermissionError:  # a file: it can always be read
            return
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)
