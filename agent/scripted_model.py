"""A chat model that says what it is told to, for tests, demonstrations and replays.

A product, not a mock: it speaks the tool-call protocol, keeps what it was asked, fails when it is
asked more than it was given, and can say whether everything was used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from agent.offline_model import OfflineModel

Call: TypeAlias = tuple[str, dict[str, Any]]
"""Tool name and arguments."""
Step: TypeAlias = (
    "AIMessage | str | Exception | Sequence[Call] | Callable[[list[BaseMessage]], Step]"
)
"""A message, a plain text, an exception to raise, tool calls, or a function of the prompt."""


class ScriptExhausted(AssertionError):
    """The model was asked more often than its script has steps, or less often."""


class ScriptedModel(OfflineModel):
    """Plays `steps` in order, one per call."""

    _steps: list[Step] = PrivateAttr()
    _calls: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__()
        self._steps = list(steps)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def calls(self) -> list[list[BaseMessage]]:
        """The messages of every call so far."""
        return self._calls

    def assert_finished(self) -> None:
        """Raise unless every step was played.

        Raises:
            ScriptExhausted: naming how many were left.
        """
        left = len(self._steps) - len(self._calls)
        if left > 0:
            raise ScriptExhausted(f"{left} of {len(self._steps)} scripted steps were not played")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the base class's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # likewise
        **kwargs: Any,  # noqa: ARG002  # likewise
    ) -> ChatResult:
        index = len(self._calls)
        if index >= len(self._steps):
            raise ScriptExhausted(f"the script has {len(self._steps)} steps, a call too many came")
        self._calls.append(list(messages))
        message = _played(self._steps[index], messages, index)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002  # the base's
        **kwargs: Any,
    ) -> ChatResult:
        """In a thread: a step may be a function that takes its time."""
        return await asyncio.to_thread(self._generate, messages, stop, **kwargs)


def _played(step: Step, messages: list[BaseMessage], index: int) -> AIMessage:
    if isinstance(step, Exception):
        raise step
    if isinstance(step, AIMessage):
        return step
    if isinstance(step, str):
        return AIMessage(step)
    if callable(step):
        return _played(step(messages), messages, index)
    calls = [
        {"name": name, "args": arguments, "id": f"call_{index}_{n}"}
        for n, (name, arguments) in enumerate(step)
    ]
    return AIMessage("", tool_calls=calls)
