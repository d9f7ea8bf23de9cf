"""A message as stable text, and back: what the trace keeps and the graph's state refers to.

Four kinds of message and a fixed set of fields; a type's name in the text only chooses among them,
so reading can run no code. Left out is what differs between two equal answers or is recorded as an
event: message ids, usage and latency; of a picture, its bytes. Everything is ASCII, so that no text
from outside (a lone surrogate, a bidirectional mark) can break the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from agent.picture import stored
from domain.errors import StateError

_KEPT_METADATA = ("finish_reason", "model_name")
_CALL_FIELDS = ("id", "name", "args")


def dump_message(message: BaseMessage) -> str:
    """The message's text form: equal messages give equal text.

    Raises:
        StateError: it is no system, human, model or tool message.
    """
    if message.type not in _LOADERS:
        raise StateError(f"message type {message.type!r} cannot be stored")
    body: dict[str, Any] = {"type": message.type, "content": stored(message.content)}
    if message.name is not None:
        body["name"] = message.name
    if message.additional_kwargs:
        body["additional_kwargs"] = message.additional_kwargs
    if isinstance(message, AIMessage):
        body |= _spoken(message)
    if isinstance(message, ToolMessage):
        body["tool_call_id"] = message.tool_call_id
    return json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)


def load_message(text: str) -> BaseMessage:
    """The message that `dump_message` wrote.

    Raises:
        StateError: the text is no stored message.
    """
    try:
        body = json.loads(text)
        return _LOADERS[body["type"]](body)
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(f"stored message cannot be read: {text[:80]!r}") from error


def _spoken(message: AIMessage) -> dict[str, Any]:
    """What only a model's message has."""
    kept = {
        k: message.response_metadata[k] for k in _KEPT_METADATA if k in message.response_metadata
    }
    body: dict[str, Any] = {"response_metadata": kept} if kept else {}
    if message.tool_calls:
        body["tool_calls"] = [{k: call[k] for k in _CALL_FIELDS} for call in message.tool_calls]  # type: ignore[literal-required]  # the keys are the type's own
    if message.invalid_tool_calls:
        body["invalid_tool_calls"] = [
            {"id": call["id"], "name": call["name"], "args": call["args"], "error": call["error"]}
            for call in message.invalid_tool_calls
        ]
    return body


def _common(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "content": body["content"],
        "name": body.get("name"),
        "additional_kwargs": body.get("additional_kwargs", {}),
    }


def _ai(body: dict[str, Any]) -> AIMessage:
    return AIMessage(
        **_common(body),
        response_metadata=body.get("response_metadata", {}),
        tool_calls=body.get("tool_calls", []),
        invalid_tool_calls=body.get("invalid_tool_calls", []),
    )


_LOADERS: dict[str, Callable[[dict[str, Any]], BaseMessage]] = {
    "system": lambda body: SystemMessage(**_common(body)),
    "human": lambda body: HumanMessage(**_common(body)),
    "ai": _ai,
    "tool": lambda body: ToolMessage(**_common(body), tool_call_id=body["tool_call_id"]),
}
