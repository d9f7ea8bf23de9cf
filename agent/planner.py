"""Asking the model once: tools bound, time bounded, failures sorted, tokens and money counted.

The planner knows no prices of plans and no rules; it turns messages into one message. Refusals and
cut answers are answers, and are judged where answers are read (`agent.parse`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.answers import answer_tools
from agent.failures import Failure, caught, failure_of
from agent.prices import RULES, Usage, cost_usd
from agent.tokens import TokenCount, count_answer, count_prompt
from domain.errors import Unreachable
from domain.strict_json import canonical

FIRST_PAUSE_S = 0.5
"""Wait before the first retry, doubled before the second, where the provider names no time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's message and what it took."""

    message: AIMessage
    latency_ms: float
    """Wall time of the successful call; failed tries not included."""
    usage: Usage
    cost_usd: Decimal | None
    """None where the model's price is unknown."""

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's word."""
        reason = self.message.response_metadata.get("finish_reason")
        return reason if isinstance(reason, str) else None


class Planner:
    """One model with its tools, for a whole session."""

    def __init__(
        self,
        model: BaseChatModel,
        model_name: str,
        tools: Sequence[BaseTool | dict[str, Any]],
        *,
        max_attempts: int = 3,
    ) -> None:
        """Bind data tools and answer tools once.

        Args:
            model: Any LangChain chat model that can bind tools.
            model_name: As the user names it: `rules`, `openai:NAME`.
            tools: Data tools; what is injected into them is not in their schema.
            max_attempts: Tries per question, the first included.
        """
        self.model_name = model_name
        self._priced_name = model_name.removeprefix("openai:")
        self._schemas = [convert_to_openai_tool(tool) for tool in tools] + answer_tools()
        self._bound = model.bind_tools(self._schemas)
        self._max_attempts = max_attempts
        self.tools_text = canonical(self._schemas)
        """The tool schemas as they are sent, as one JSON text."""

    def count(self, messages: Sequence[BaseMessage]) -> TokenCount:
        """Tokens of the prompt that `ask` would send."""
        return count_prompt(messages, self._schemas, self._priced_name)

    async def ask(self, messages: Sequence[BaseMessage], *, timeout_s: float) -> Reply:
        """The model's next message.

        Raises:
            Unreachable: no answer within `timeout_s`, tries included.
            AccessRefused: the provider knows us and says no.
            ConfigError: the provider cannot do what was asked, such as an unknown model.
        """
        ends_at = time.monotonic() + timeout_s
        last: Failure | None = None
        for attempt in range(self._max_attempts):
            if last is not None:
                await _pause(last, attempt, ends_at)
            try:
                return await self._once(list(messages), ends_at - time.monotonic(), timeout_s)
            except caught() as error:
                last = failure_of(error)
                if not last.retry:
                    raise last.error from error
        if last is None:
            raise ValueError(f"max_attempts is {self._max_attempts}, was expected to be at least 1")
        raise last.error

    async def _once(self, messages: list[BaseMessage], left_s: float, timeout_s: float) -> Reply:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(max(0.0, left_s)) as limit:
                message = await self._bound.ainvoke(messages)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unreachable(f"the model did not answer within {timeout_s:.1f} s") from error
        latency_ms = (time.perf_counter() - begun) * 1000
        if not isinstance(message, AIMessage):
            raise Unreachable(f"the model did not answer but sent a {message.type!r} message")
        usage = self._usage(messages, message)
        return Reply(message, latency_ms, usage, cost_usd(self._priced_name, usage))

    def _usage(self, messages: list[BaseMessage], message: AIMessage) -> Usage:
        if self._priced_name == RULES:
            return Usage(0, 0, 0, "provider")
        if said := message.usage_metadata:
            cached = said.get("input_token_details", {}).get("cache_read", 0) or 0
            return Usage(said["input_tokens"], said["output_tokens"], cached, "provider")
        prompt, answer = self.count(messages), count_answer(message, self._priced_name)
        return Usage(prompt.tokens, answer.tokens, 0, prompt.source)


async def _pause(last: Failure, attempt: int, ends_at: float) -> None:
    """Wait before the next try; give up at once where the wait would outlast the deadline."""
    asked = last.retry_after_s
    wait_s = FIRST_PAUSE_S * 2 ** (attempt - 1) if asked is None else asked
    if wait_s >= ends_at - time.monotonic():
        raise last.error
    await asyncio.sleep(wait_s)
