"""What a model sees of the pictures among its messages: the one place where that is decided.

One whose `vision` is true gets the image behind the text; any other gets the text alone, which is
whole by itself. What answers by itself (rules, scripts, records) gets messages as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from agent.model_spec import ModelSpec
from agent.picture import Picture, pictures_of
from agent.picture_tokens import picture_tokens
from domain.errors import StateError


class Eyes:
    """One model's."""

    def __init__(self, spec: ModelSpec | None) -> None:
        self._spec = spec

    @property
    def open(self) -> bool:
        """Whether it sees."""
        return self._spec is not None and self._spec.vision

    def read(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """What the model has of the messages in words."""
        return [self._in_words(message) for message in messages]

    def tokens(self, messages: Sequence[BaseMessage]) -> int:
        """What the pictures take that it sees."""
        spec = self._spec
        if spec is None or not spec.vision:
            return 0
        shown = [picture for message in messages for picture, _ in pictures_of(message)]
        if spec.image_tokens is not None:
            return spec.image_tokens * len(shown)
        return sum(picture_tokens(spec.model, one.width_px, one.height_px) for one in shown)

    def sent(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """The messages as they go out: pictures as OpenAI's image content, which others read too.

        Raises:
            StateError: a picture has not been read back from where it is kept.
        """
        if not self.open:
            return self.read(messages)
        return [self._with_images(message) for message in messages]

    def _in_words(self, message: BaseMessage) -> BaseMessage:
        pictures = pictures_of(message)
        if self._spec is None or not pictures:
            return message
        told = [picture.caption for picture, _ in pictures] if self.open else []
        return message.model_copy(update={"content": "\n\n".join([message.text, *told])})

    def _with_images(self, message: BaseMessage) -> BaseMessage:
        pictures = pictures_of(message)
        if not pictures:
            return message
        content: list[dict[str, Any]] = [{"type": "text", "text": message.text}]
        for picture, data in pictures:
            content += _image(picture, data)
        return message.model_copy(update={"content": content})


def _image(picture: Picture, data: str | None) -> list[dict[str, Any]]:
    if data is None:
        raise StateError(
            f"picture {picture.blob!r} was expected with its bytes; read it back first"
        )
    url = f"data:image/png;base64,{data}"
    return [
        {"type": "text", "text": picture.caption},
        {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
    ]
