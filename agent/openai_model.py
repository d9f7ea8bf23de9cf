"""OpenAI's chat client as we need it: argument texts kept, every call with an id of its own.

Imported only when such a model is asked for: the client takes a second to load.
"""

from __future__ import annotations

import json
from json import JSONDecodeError
from typing import Any

import httpx2
import openai
from aiohttp import ClientError
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from agent.parse import RAW_ARGUMENTS
from domain.errors import Unreachable


class TracedChatOpenAI(ChatOpenAI):
    """`ChatOpenAI` that keeps the text of tool arguments beside LangChain's reading of it."""

    newest_words: bool = True
    """False: the limit of the answer is called `max_tokens`, which compatible servers know."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            return await super()._agenerate(messages, stop, run_manager, **kwargs)
        except JSONDecodeError as error:
            raise Unreachable(f"the model did not answer with JSON ({error})") from error
        except ClientError as error:
            # The client hands on what aiohttp says of an answer that is no HTTP.
            raise httpx2.RemoteProtocolError("no HTTP") from error

    def _create_chat_result(
        self,
        response: dict[str, Any] | openai.BaseModel,
        generation_info: dict[str, Any] | None = None,
    ) -> ChatResult:
        try:
            texts = _number_calls(response)
            result = super()._create_chat_result(response, generation_info)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise Unreachable(
                f"the model did not answer with a chat completion ({str(error)[:200]})"
            ) from error
        for generation, kept in zip(result.generations, texts, strict=True):
            if kept:
                generation.message.additional_kwargs[RAW_ARGUMENTS] = kept
        return result

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        payload["messages"] = [_sendable(message) for message in payload["messages"]]
        if not self.newest_words and "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload


def _number_calls(response: dict[str, Any] | openai.BaseModel) -> list[dict[str, str]]:
    """Argument texts by call id, per choice; a missing or repeated id is replaced in place.

    LangChain and the provider match results to calls by id, so two calls with one id would hide
    each other.
    """
    return [_numbered(choice.message.tool_calls or []) for choice in response.choices]  # type: ignore[union-attr]  # a dict has no choices: AttributeError, caught by the caller


def _numbered(calls: list[Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for index, call in enumerate(calls):
        if not call.id or call.id in texts:
            call.id = f"call_{index}" if not call.id else f"{call.id}_{index}"
        texts[call.id] = call.function.arguments
        if not _is_object(call.function.arguments):
            call.function.arguments = "{}"
    return texts


def _is_object(arguments: str) -> bool:
    """False for JSON that is no object, which LangChain cannot hold; unreadable text it can."""
    try:
        return isinstance(json.loads(arguments or "{}"), dict)
    except (JSONDecodeError, RecursionError):
        return True


def _sendable(value: Any) -> Any:
    """What UTF-8 cannot carry (a lone surrogate that a model sent) becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _sendable(item) for key, item in value.items()}
    return [_sendable(item) for item in value] if isinstance(value, list) else value
