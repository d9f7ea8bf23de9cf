"""A chat model that gives prepared answers in their order, whatever it is asked.

For asking a decision again under another policy, where prompts differ from those that were answered
then. With no answer left it does nothing: what somebody would have said is not made up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from agent.offline_model import OfflineModel

NOTHING = AIMessage(
    "", tool_calls=[{"name": "no_trade", "args": {"reason": "no answer is left"}, "id": "end"}]
)


class QueuedModel(OfflineModel):
    """Answers with what was laid before it."""

    _answers: deque[AIMessage] = PrivateAttr(default_factory=deque)

    @property
    def _llm_type(self) -> str:
        return "queued"

    def lay(self, answers: Iterable[AIMessage]) -> None:
        """The next answers; what was left of earlier ones is forgotten."""
        self._answers = deque(answers)

    def _generate(
        self,
        messages: list[BaseMessage],  # noqa: ARG002  # the base class's signature
        stop: list[str] | None = None,  # noqa: ARG002  # likewise
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # likewise
        **kwargs: Any,  # noqa: ARG002  # likewise
    ) -> ChatResult:
        message = self._answers.popleft() if self._answers else NOTHING
        return ChatResult(generations=[ChatGeneration(message=message)])
