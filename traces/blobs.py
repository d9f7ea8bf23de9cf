"""Texts stored once by the hash of their content, compressed where that is smaller."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from sqlalchemy import Connection
from zstandard import ZstdError

from domain.errors import StateError
from domain.strict_json import content_hash
from traces.bulk import add_rows
from traces.database import Database
from traces.packing import Packer
from traces.stored_text import read_blob, read_if_there
from traces.tables import METADATA

ReadBlob = Callable[[str], str]
"""The text that a hash stands for."""
REMEMBERED_HASHES = 8192
"""So many of the newest written texts cost no SQL when they come again; memory stays bounded."""

REMEMBERED_TEXTS = 256
"""So many of the texts last used are read without SQL: a run reads what it has just written."""

_BLOBS = METADATA.tables["trace_blob"]
_COLUMNS = ("hash", "encoding", "size_bytes", "data")


class Damaged(StateError):
    """A text that was changed so that it cannot be unpacked."""


class Blobs:
    """The blob table, with texts buffered until they are flushed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[str, str] = {}
        self._packer = Packer()
        self._stored: OrderedDict[str, None] = OrderedDict()
        self._recent: OrderedDict[str, str] = OrderedDict()

    def put(self, text: str) -> str:
        """Buffer `text`; returns the hash that stands for it."""
        name = content_hash(text)
        if name in self._stored:
            self._stored.move_to_end(name)
        else:
            self._pending[name] = text
        self._remember(name, text)
        return name

    @property
    def waiting(self) -> bool:
        """True when something was put that is not written yet."""
        return bool(self._pending)

    def get(self, name: str) -> str:
        """The text a hash stands for.

        Raises:
            StateError: there is no such blob; `Damaged`: it cannot be unpacked.
        """
        text = self._pending.get(name, self._recent.get(name))
        if text is None:
            text = self._load(name)
            self._remember(name, text)
        return text

    def find(self, connection: Connection, name: str) -> str | None:
        """The same for one that may not be there, with the caller's connection."""
        text = self._pending.get(name, self._recent.get(name))
        return read_if_there(connection, name) if text is None else text

    def write(self, connection: Connection) -> None:
        """Write what is buffered, inside the caller's transaction."""
        if not self._pending:
            return
        rows = [self._row(name, text) for name, text in self._pending.items()]
        add_rows(connection, _BLOBS, rows, _COLUMNS, keep=True)

    def written(self) -> None:
        """The transaction was committed: what was buffered need not be written again."""
        self._stored.update(dict.fromkeys(self._pending))
        self._pending.clear()
        while len(self._stored) > REMEMBERED_HASHES:
            self._stored.popitem(last=False)

    def _remember(self, name: str, text: str) -> None:
        self._recent[name] = text
        self._recent.move_to_end(name)
        if len(self._recent) > REMEMBERED_TEXTS:
            self._recent.popitem(last=False)

    def _load(self, name: str) -> str:
        with self._database.read() as connection:
            try:
                return read_blob(connection, name)
            except (ZstdError, UnicodeDecodeError) as error:
                raise Damaged(
                    f"text {name!r} was changed and cannot be unpacked ({error}); "
                    "see: plangate traces verify"
                ) from error

    def _row(self, name: str, text: str) -> tuple[str, str, int, bytes]:
        raw = text.encode("utf-8", "surrogatepass")
        encoding, data = self._packer.pack(raw)
        return name, encoding, len(raw), data
