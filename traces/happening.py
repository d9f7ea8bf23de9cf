"""What every event is: frozen, and without a field that is not known; and words of several."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

TokensFrom = Literal["provider", "tiktoken", "estimate"]
"""Who counted: the provider's usage, tiktoken exactly, or an estimate from characters."""

_TEXT = "text"
TextHash = Annotated[str, _TEXT]
"""Names a text in the blob table by the hash of its content."""


class Happening(BaseModel):
    """Base of the events."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
    for_replay_only: ClassVar[bool] = False
    """Kept for replays: no reader of the decision is shown it."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that it names: the field, and the text's hash."""
        for name in texts_in(type(self)):
            value: Any = getattr(self, name)
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    yield name, each


@cache
def texts_in(kind: type[Happening]) -> tuple[str, ...]:
    """The fields of a kind of event that name texts."""
    return tuple(
        name
        for name, field in kind.model_fields.items()
        if _TEXT in field.metadata or _TEXT in _marks(field.annotation)
    )


def _marks(annotation: Any) -> list[Any]:
    """What is annotated inside a union or a list."""
    inside = getattr(annotation, "__args__", ())
    return [mark for part in inside for mark in getattr(part, "__metadata__", ())]
