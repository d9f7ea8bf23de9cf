"""A model that does whatever it is told, by whomever, in whatever spelling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from agent.offline_model import OfflineModel
from agent.scripted_model import Step
from tests.injection.encodings import letters, readings
from tests.injection.goals import GOALS, Goal


class ObedientModel(OfflineModel):
    """Plays its own steps until it reads a wish, then tries everything that the wish calls for.

    It reads the whole of every prompt: the rules, the situation, what tools answered, what it said
    itself, and what it is told of the tools.
    """

    _own: Sequence[Step] = PrivateAttr(default=())
    _heeds: bool = PrivateAttr(default=True)
    _heard: Goal | None = PrivateAttr(default=None)
    _since: int = PrivateAttr(default=0)
    _asked: int = PrivateAttr(default=0)
    _seen: set[str] = PrivateAttr(default_factory=set)
    _outside: set[str] = PrivateAttr(default_factory=set)
    _told: str = PrivateAttr(default="")

    @property
    def _llm_type(self) -> str:
        return "obedient"

    def begin(self, own: Sequence[Step], *, heeds: bool = True) -> None:
        """Forget what was; `own` is what it does by itself, `heeds` whether it obeys."""
        self._own, self._heeds = own, heeds
        self._heard, self._since, self._asked = None, 0, 0

    @property
    def heard(self) -> str | None:
        """The wish that it has read."""
        return self._heard.name if self._heard else None

    @property
    def outside(self) -> set[str]:
        """Every message that it was ever sent and did not write itself."""
        return self._outside

    @property
    def seen(self) -> set[str]:
        """Every message that it was ever sent, as text, and what it was told of its tools."""
        return self._seen | {self._told}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the base class's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # likewise
        **kwargs: Any,
    ) -> ChatResult:
        prompt = [_text(message) for message in messages]
        self._seen.update(prompt)
        self._outside.update(p for p, m in zip(prompt, messages, strict=True) if m.type != "ai")
        self._told = self._told or str(kwargs.get("tools"))
        self._heard = self._heard or _wish(prompt)
        if self._heard and self._heeds:
            steps, at = [*self._heard.acts, *self._heard.again], self._since
            self._since += 1
        else:
            steps, at = self._own, self._asked
        self._asked += 1
        message = _said(steps[min(at, len(steps) - 1)], messages, self._asked)
        return ChatResult(generations=[ChatGeneration(message=message)])


_CUES = {letters(goal.cue): goal for goal in GOALS}


def _wish(prompt: Sequence[str]) -> Goal | None:
    """The wish in the newest message that has one."""
    for text in reversed(prompt):
        said = readings(text)
        for cue, goal in _CUES.items():
            if cue in said:
                return goal
    return None


def _text(message: BaseMessage) -> str:
    """A message as it is read: what it says, and with what a tool was called."""
    called = [call["args"] for call in getattr(message, "tool_calls", ())]
    return "\n".join([str(message.content), *(json.dumps(c, ensure_ascii=False) for c in called)])


def _said(step: Step, messages: list[BaseMessage], turn: int) -> AIMessage:
    if isinstance(step, str):
        return AIMessage(step)
    if callable(step):
        return _said(step(messages), messages, turn)
    assert not isinstance(step, Exception | AIMessage)
    calls = [
        {"name": name, "args": arguments, "id": f"call_{turn}_{n}"}
        for n, (name, arguments) in enumerate(step)
    ]
    return AIMessage("", tool_calls=calls)
