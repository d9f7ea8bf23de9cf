"""Reads a text back by the hash of its content."""

from __future__ import annotations

import zstandard
from sqlalchemy import Connection, select

from domain.errors import StateError
from traces.packing import unpack
from traces.tables import METADATA

_BLOBS = METADATA.tables["trace_blob"]


def read_blob(connection: Connection, name: str) -> str:
    """The text stored under a hash.

    Raises:
        StateError: there is none.
        ZstdError: it is damaged; as UnicodeDecodeError.
    """
    columns = (_BLOBS.c.encoding, _BLOBS.c.size_bytes, _BLOBS.c.data)
    chosen = select(*columns).where(_BLOBS.c.hash == name)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        raise StateError(f"no text is stored under {name!r}; the database may be incomplete")
    return unpack(row.encoding, row.size_bytes, row.data).decode("utf-8", "surrogatepass")


def read_if_there(connection: Connection, name: str) -> str | None:
    """The text stored under a hash; None where there is none, or it is damaged."""
    try:
        return read_blob(connection, name)
    except (StateError, zstandard.ZstdError, UnicodeDecodeError):
        return None
