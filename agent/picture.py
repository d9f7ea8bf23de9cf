"""A picture in a message: kept once by its hash, and carried with its bytes where it may be sent.

A message that is stored holds only what the picture is and where it is kept. Who sees it is said in
`agent.eyes`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage, HumanMessage

_KIND = "picture"
_DATA = "data"
_M = TypeVar("_M", bound=BaseMessage)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a message says of a picture."""

    blob: str
    """Hash of its base64 text, under which that is kept."""
    width_px: int
    height_px: int
    size_bytes: int
    """Of the PNG."""
    caption: str
    """What is said of it to who sees it."""


def base64_of(png: bytes) -> str:
    """The text that stands for a picture where bytes cannot."""
    return base64.b64encode(png).decode()


def png_of(data: str) -> bytes:
    """The picture that a text stands for."""
    return base64.b64decode(data)


def illustrated(message: HumanMessage, picture: Picture, data: str) -> HumanMessage:
    """The message with a picture behind its text.

    Args:
        message: Its text stands by itself.
        picture: What it is.
        data: Its base64 text.
    """
    text = {"type": "text", "text": message.text}
    return HumanMessage([text, {"type": _KIND, **asdict(picture), _DATA: data}])


def pictures_of(message: BaseMessage) -> list[tuple[Picture, str | None]]:
    """The pictures of a message, each with its base64 text where that is at hand."""
    return [_read(part) for part in _parts(message)]


def filled(message: _M, read: Callable[[str], str]) -> _M:
    """A message as it was stored, its pictures with their base64 texts.

    Args:
        message: Without them.
        read: The text that a hash stands for.
    """
    if not any(_parts(message)):
        return message
    parts: list[Any] = list(message.content)
    content = [{**part, _DATA: read(part["blob"])} if _is_picture(part) else part for part in parts]
    return message.model_copy(update={"content": content})


def stored(content: Any) -> Any:
    """What a message holds, as it is stored: pictures without their base64 texts."""
    if not isinstance(content, list):
        return content
    return [
        {key: value for key, value in part.items() if key != _DATA} if _is_picture(part) else part
        for part in content
    ]


def _parts(message: BaseMessage) -> Iterator[dict[str, Any]]:
    if isinstance(message.content, list):
        yield from (part for part in message.content if _is_picture(part))  # type: ignore[misc]  # a picture is a dict


def _is_picture(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == _KIND


def _read(part: dict[str, Any]) -> tuple[Picture, str | None]:
    told = {name: part[name] for name in Picture.__dataclass_fields__}
    return Picture(**told), part.get(_DATA)
