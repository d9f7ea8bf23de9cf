"""What a replay stands on: the texts of a trace, and in memory what is made of them anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.errors import StateError
from domain.strict_json import content_hash
from traces.blobs import Blobs, Damaged
from traces.database import Database
from traces.events import EVENT, Event
from traces.store import TraceStore


class Lacks(Exception):  # no error of ours: a node would take it for an answer
    """The trace does not have what a replay takes."""


class Texts:
    """The texts of a trace, each held against its hash once."""

    def __init__(self, database: Database) -> None:
        self.blobs = Blobs(database)
        self._sound: set[str] = set()

    def read(self, name: str) -> str:
        """A text by its hash.

        Raises:
            Changed: it is not what its hash says.
            Lacks: it is not there.
        """
        try:
            text = self.blobs.get(name)
        except Damaged:
            raise Changed(name, "a text that cannot be unpacked") from None
        except StateError as error:
            raise Lacks(str(error)) from None
        if name not in self._sound:
            if (found := content_hash(text)) != name:
                raise Changed(name, text, found)
            self._sound.add(name)
        return text


class Stage(TraceStore):
    """Holds in memory what one replay records; nothing is written."""

    def __init__(self, database: Database, session: str) -> None:
        super().__init__(database, session)
        self.texts = Texts(database)
        self.blobs: OnTop = OnTop(database, self.texts)
        self.made: list[Event] = []

    def clear(self) -> None:
        """Begin anew."""
        self.made = []
        self.blobs.own.clear()

    def write(self, events: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]]) -> None:  # noqa: ARG002  # the base class's signature
        """Keep the events at hand."""
        self.made += [EVENT.validate_json(row["body"]) for row in events]


class OnTop(Blobs):
    """A replay's texts before those of the trace."""

    def __init__(self, database: Database, texts: Texts) -> None:
        super().__init__(database)
        self.own: dict[str, str] = {}
        self._texts = texts

    def put(self, text: str) -> str:
        """Keep a text for this replay."""
        name = content_hash(text)
        self.own[name] = text
        return name

    def get(self, name: str) -> str:
        """One of the replay's, or of the trace."""
        return self.own[name] if name in self.own else self._texts.blobs.get(name)


class Changed(Exception):  # no error: what was looked for
    """A recorded text is not what it was."""

    def __init__(self, name: str, text: str, found: str = "none") -> None:
        self.name, self.text, self.found = name, text, found
        super().__init__(name)
