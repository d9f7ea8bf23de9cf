"""Asking the model, and where it cannot be asked, the next one: all within one deadline.

The planner knows no prices of plans and no rules; it turns messages into one message. Refusals and
cut answers are answers, and are judged where answers are read (`agent.parse`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.allowance import Allowance
from agent.answers import answer_tools
from agent.asking import Asking, PassedOver, Reply
from agent.models import NamedModel
from agent.schemas import compact
from agent.tokens import TokenCount, count_text
from domain.errors import AccessRefused, ConfigError, OverBudget, PlangateError, Unreachable
from domain.spending import Claim
from domain.strict_json import canonical


class _Offer(NamedTuple):
    """The session's models with one set of tools bound."""

    askings: list[Asking]
    tools_text: str


class Planner:
    """The session's models with its tools, in the order in which they are asked."""

    def __init__(
        self,
        models: Sequence[NamedModel],
        tools: Sequence[BaseTool | dict[str, Any]],
        *,
        max_attempts: int = 3,
        seed: int = 7,
    ) -> None:
        """Bind data tools and answer tools.

        Args:
            models: At least one; each can bind tools. The first gives the session's model its name.
            tools: Data tools; what is injected into them is not in their schema.
            max_attempts: Tries per question and model, the first included.
            seed: Of the chance by which waits before another try differ.
        """
        if max_attempts < 1:
            raise ValueError(f"max_attempts is {max_attempts}, was expected to be at least 1")
        data_tools = [compact(convert_to_openai_tool(tool)) for tool in tools]
        self._tools = data_tools + answer_tools()
        self._names = [tool["function"]["name"] for tool in self._tools]
        self._max_attempts = max_attempts
        self._jitter = Random(seed)  # noqa: S311  # spreads waits, keeps no secret
        self._offers: dict[tuple[str, ...], _Offer] = {}
        self._told: set[str] = set()
        self._notices: list[str] = []
        self.models = tuple(models)
        self.model_name = models[0].name
        """As the user names it: `rules`, `openai:NAME`, a name of the file of models."""
        self._offer(None)  # what cannot be bound is found before anything begins

    def tools_text(self, offers: Sequence[str] | None = None) -> str:
        """The schemas of the tools that are offered, as they are sent, as one JSON text."""
        return self._offer(offers).tools_text

    def count(
        self, messages: Sequence[BaseMessage], offers: Sequence[str] | None = None
    ) -> TokenCount:
        """Tokens of the prompt that `ask` would send to the first model."""
        return self._offer(offers).askings[0].count(messages)

    def claims(
        self,
        messages: Sequence[BaseMessage],
        longest_answer_tokens: int,
        offers: Sequence[str] | None = None,
    ) -> list[Claim]:
        """What `ask` may cost at the worst with each model that can be asked, in their order.

        Empty where rules are asked: nobody is paid.

        Args:
            messages: The prompt.
            longest_answer_tokens: Of a model whose longest answer nobody named.
            offers: Names of the tools that are offered; None: all.
        """
        askings = self._offer(offers).askings
        claims = [asking.claim(messages, longest_answer_tokens) for asking in askings]
        return [claim for claim in claims if claim is not None]

    def count_text(self, text: str) -> int:
        """Tokens of a text by itself, for the first model."""
        return count_text(text, self.models[0].provider_name)

    def notices(self) -> list[str]:
        """What a person should know of and was not told yet: a model that refuses us."""
        said, self._notices = self._notices, []
        return said

    async def ask(
        self,
        messages: Sequence[BaseMessage],
        *,
        timeout_s: float,
        allowance: Allowance | None = None,
        offers: Sequence[str] | None = None,
    ) -> Reply:
        """The next message of the first model that can be asked.

        While others stand behind a model, it has an equal share of the time that is left. One for
        which the allowance has no room is passed over: a cheaper one may stand behind it. Without a
        allowance nobody counts, as where a model is only tried.

        Raises:
            Unreachable: no answer within `timeout_s`, of any.
            AccessRefused: every provider knows us and says no.
            ConfigError: none can do what was asked, such as an unknown model.
            OverBudget: there is no money for any that could be asked.
        """
        ends_at = time.monotonic() + timeout_s
        passed: list[PassedOver] = []
        askings = self._offer(offers).askings
        for index, asking in enumerate(askings):
            begun = time.monotonic()
            share_s = (ends_at - begun) / (len(askings) - index)
            try:
                reply = await asking.ask(messages, share_s, allowance)
            except (Unreachable, AccessRefused, ConfigError, OverBudget) as error:
                if len(askings) == 1:
                    raise
                took_ms = (time.monotonic() - begun) * 1000
                passed.append(PassedOver(asking.named.name, error, took_ms))
                self.tell(asking.named.name, error)
            else:
                return replace(reply, passed_over=tuple(passed))
        raise _none_answered(passed)

    def _offer(self, offers: Sequence[str] | None) -> _Offer:
        """The models with these tools bound, each set of them once."""
        names = tuple(self._names if offers is None else offers)
        if names not in self._offers:
            schemas = [tool for tool in self._tools if tool["function"]["name"] in names]
            askings = [
                Asking(named, schemas, self._max_attempts, self._jitter) for named in self.models
            ]
            self._offers[names] = _Offer(askings, canonical(schemas))
        return self._offers[names]

    def tell(self, model: str, error: PlangateError) -> None:
        """Say once of a model that it refuses us: waiting will not mend that."""
        refuses = isinstance(error, AccessRefused | ConfigError)
        if refuses and model not in self._told:
            self._told.add(model)
            others = len(self.models) > 1
            self._notices.append(
                f"model {model!r} cannot be asked: {error}"
                + ("; where another is named, that one is asked in its place" if others else "")
            )


def _none_answered(
    passed: Sequence[PassedOver],
) -> Unreachable | AccessRefused | ConfigError | OverBudget:
    """One error for all: if any may answer later, the chain may."""
    words = "; ".join(f"{one.model}: {one.error}" for one in passed)
    if any(isinstance(one.error, Unreachable) for one in passed):
        return Unreachable(f"no model answered ({words})")
    if any(isinstance(one.error, OverBudget) for one in passed):
        return OverBudget(f"no model can be asked ({words})")
    kind = AccessRefused if isinstance(passed[0].error, AccessRefused) else ConfigError
    return kind(f"no model can be asked ({words})")
