"""Events as a file keeps them: a short one as it is, a long one packed like a text.

A server packs by itself (TOAST) and is given text. A packed one is bytes where the other is text,
in the same column: SQLite does not mind, and what was recorded before stays as it is. Hashes are of
the text.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traces.packing import Packer

PACKED_ABOVE_BYTES = 512
"""Of what is shorter the most part is hashes, which nothing makes smaller."""

MAX_BYTES = 64 * 1024 * 1024
"""More than any event of ours takes; a few bytes can claim to be gigabytes."""


def kept(body: str, packer: Packer) -> str | bytes:
    """What the column of a file holds: the text, or its dictionary's number and the packed text."""
    if len(body) <= PACKED_ABOVE_BYTES:
        return body
    from traces.packing import NEWEST, PLAIN

    encoding, data = packer.pack(body.encode())
    return body if encoding == PLAIN else bytes([NEWEST]) + data


def body_text(column: str | bytes) -> str:
    """The event's text; of one that somebody spoilt, what is no event."""
    if isinstance(column, str):
        return column
    # Slow to import, and a listing must start at once.
    from zstandard import ZstdError, frame_content_size

    from traces.packing import WITH, unpack

    data = column[1:]
    try:
        size_bytes = frame_content_size(data)
        if size_bytes <= MAX_BYTES:
            return unpack(f"{WITH}{column[0]}", size_bytes, data).decode()
    except (ZstdError, IndexError, UnicodeDecodeError):
        pass
    return column.decode("latin-1")


def teach(connection: sqlite3.Connection) -> None:
    """Let SQL on this connection read events, by `event_text(body)`."""
    connection.create_function("event_text", 1, body_text, deterministic=True)
