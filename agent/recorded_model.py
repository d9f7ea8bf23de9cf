"""A chat model that gives again what another one once answered to the very same messages.

For living a session again without asking anybody. A prompt that was never sent before is not
answered: that the prompt has changed is then what there is to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from agent.messages import dump_message
from agent.offline_model import OfflineModel
from domain.errors import Unreachable
from domain.strict_json import content_hash

Prompt = tuple[str, ...]
"""Content hashes of the messages in their order, as a trace names them."""


class PromptChanged(Exception):  # no error: what was looked for
    """The model is asked what it was never asked."""


class RecordedModel(OfflineModel):
    """Answers each prompt as it was answered."""

    _answers: Mapping[Prompt, AIMessage | None] = PrivateAttr()

    def __init__(self, answers: Mapping[Prompt, AIMessage | None]) -> None:
        """None stands for a prompt to which no answer came."""
        super().__init__()
        self._answers = answers

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the base class's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # likewise
        **kwargs: Any,  # noqa: ARG002  # likewise
    ) -> ChatResult:
        prompt = tuple(content_hash(dump_message(message)) for message in messages)
        if prompt not in self._answers:
            raise PromptChanged
        answer = self._answers[prompt]
        if answer is None:
            raise Unreachable("no answer came then either")
        return ChatResult(generations=[ChatGeneration(message=answer)])
