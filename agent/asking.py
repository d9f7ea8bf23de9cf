"""Asking one model: time bounded, failures sorted, tried again, tokens and money counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agent.allowance import Allowance, Receipt
from agent.claims import claim_for
from agent.eyes import Eyes
from agent.failures import Failure, caught, failure_of
from agent.models import NamedModel
from agent.prices import RULES, cost_of
from agent.tokens import TokenCount, count_answer, count_prompt
from agent.usage import told_usage
from domain.errors import PlangateError, Unreachable
from domain.spending import Claim, Usage
from traces.redact import Redactor

FIRST_PAUSE_S = 0.5
"""Wait before the first retry, up to half as long again by chance, doubled before the second; a
time that the provider names takes its place."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A model in whose place another one was asked."""

    model: str
    error: PlangateError
    latency_ms: float
    """How long it was tried."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's message and what it took."""

    message: AIMessage
    latency_ms: float
    """Wall time of the successful call; failed tries not included."""
    usage: Usage
    cost_usd: Decimal | None
    """None where the model's price is unknown."""
    model: str
    """Which model it was, as the user calls it."""
    passed_over: tuple[PassedOver, ...] = ()
    """Those that were asked before and did not answer."""

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's word."""
        reason = self.message.response_metadata.get("finish_reason")
        return reason if isinstance(reason, str) else None


class Asking:
    """One model with its tools bound."""

    def __init__(
        self,
        named: NamedModel,
        schemas: Sequence[dict[str, Any]],
        max_attempts: int,
        jitter: Random,
    ) -> None:
        """Bind once.

        Args:
            named: The model.
            schemas: Of every tool, in OpenAI's form.
            max_attempts: Tries per question, the first included.
            jitter: Spreads the tries of those who failed together.
        """
        self.named = named
        self.eyes = Eyes(named.spec)
        self._schemas = schemas
        self._bound = named.model.bind_tools(schemas)
        self._max_attempts = max_attempts
        self._jitter = jitter
        self._pace = named.pace
        self._longest_s = named.spec.timeout_s if named.spec else None
        # A provider's error may echo the key it was given.
        self._redactor = Redactor({"key": named.key.get_secret_value()} if named.key else {})

    def count(self, messages: Sequence[BaseMessage]) -> TokenCount:
        """Tokens of the prompt that `ask` would send."""
        read, pictures = self.eyes.read(messages), self.eyes.tokens(messages)
        return count_prompt(read, self._schemas, self.named.provider_name).plus(pictures)

    def claim(self, messages: Sequence[BaseMessage], longest_answer_tokens: int) -> Claim | None:
        """The worst case of a question; None: of rules nobody is paid."""
        if self.named.name == RULES:
            return None
        read, pictures = self.eyes.read(messages), self.eyes.tokens(messages)
        return claim_for(self.named, read, self._schemas, longest_answer_tokens, pictures)

    async def ask(
        self, messages: Sequence[BaseMessage], timeout_s: float, allowance: Allowance | None = None
    ) -> Reply:
        """The model's next message; each try has its own money, and one that fails keeps it.

        Raises:
            Unreachable: no answer within `timeout_s`, tries included.
            OverBudget: the allowance has no room for another try.
            AccessRefused: the provider knows us and says no.
            ConfigError: the provider cannot do what was asked, such as an unknown model.
        """
        ends_at = time.monotonic() + timeout_s
        attempt = 0
        while True:
            attempt += 1
            await self._pace.wait(self._weight(messages), ends_at)
            try:
                return await self._once(list(messages), self._allowed_s(ends_at), allowance)
            except caught() as error:
                last = failure_of(error, self._redactor)
                if not last.retry or attempt == self._max_attempts:
                    raise last.error from error
            await self._pause(last, attempt, ends_at)

    def _weight(self, messages: Sequence[BaseMessage]) -> int:
        """Tokens that a question may take; 0 where nobody limits them."""
        spec = self.named.spec
        if spec is None or not self._pace.counts_tokens:
            return 0
        return self.count(messages).tokens + (spec.max_output_tokens or 0)

    async def _pause(self, last: Failure, attempt: int, ends_at: float) -> None:
        """Wait before the next try; give up at once where the wait would outlast the deadline."""
        wait_s = last.retry_after_s
        if wait_s is None:
            wait_s = FIRST_PAUSE_S * 2 ** (attempt - 1) * self._jitter.uniform(1.0, 1.5)
        if wait_s >= ends_at - time.monotonic():
            raise last.error
        await asyncio.sleep(wait_s)

    def _allowed_s(self, ends_at: float) -> float:
        left_s = max(0.0, ends_at - time.monotonic())
        return left_s if self._longest_s is None else min(left_s, self._longest_s)

    async def _once(
        self, messages: list[BaseMessage], allowed_s: float, allowance: Allowance | None
    ) -> Reply:
        receipt = self._reserved(messages, allowance)
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(allowed_s) as limit:
                message = await self._bound.ainvoke(self.eyes.sent(messages))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unreachable(f"the model did not answer within {allowed_s:.1f} s") from error
        latency_ms = (time.perf_counter() - begun) * 1000
        if not isinstance(message, AIMessage):
            raise Unreachable(f"the model did not answer but sent a {message.type!r} message")
        usage = self._usage(messages, message)
        cost = cost_of(self.named.price, usage)
        if receipt is not None:
            receipt.settle(usage, cost)
        return Reply(message, latency_ms, usage, cost.usd if cost else None, self.named.name)

    def _reserved(self, messages: list[BaseMessage], allowance: Allowance | None) -> Receipt | None:
        if allowance is None:
            return None
        claim = self.claim(messages, allowance.longest_answer_tokens)
        return None if claim is None else allowance.reserve(claim)

    def _usage(self, messages: list[BaseMessage], message: AIMessage) -> Usage:
        if self.named.name == RULES:
            return Usage(0, 0, 0, "provider")
        if said := told_usage(message):
            return said
        prompt = self.count(messages)
        answer = count_answer(message, self.named.provider_name)
        pictures = self.eyes.tokens(messages)
        return Usage(prompt.tokens, answer.tokens, 0, prompt.source, image_tokens=pictures)
