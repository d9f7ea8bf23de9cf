"""The prompts of a decision exactly as models were sent them: roles, texts, tool schemas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from traces.blobs import ReadBlob
from traces.events import PromptSent
from traces.opinion_events import VoteCast
from traces.store import Recorded
from traces.view_words import message, visible


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one call of a model was sent."""

    number: int
    """From 1, in the order of sending; votes are counted too."""
    node: str
    messages: tuple[str, ...]
    """Hashes of texts."""
    tools: str
    """Hash of a text."""

    def document(self, read_blob: ReadBlob) -> dict[str, Any]:
        """For a program: messages and tool schemas as they are stored."""
        return {
            "schema": "plangate.prompt/1",
            "number": self.number,
            "node": self.node,
            "messages": [_json(read_blob(name)) for name in self.messages],
            "tools": _json(read_blob(self.tools)),
        }

    def render(self, read_blob: ReadBlob) -> str:
        """For a person: nothing is cut or wrapped; what cannot be seen is made visible."""
        parts = []
        for place, name in enumerate(self.messages, 1):
            role, text = message(read_blob(name))
            parts += [f"════ message {place} of {len(self.messages)}: {role}", visible(text)]
        schemas = json.dumps(_json(read_blob(self.tools)), indent=2, ensure_ascii=False)
        return "\n".join([*parts, "════ tools", visible(schemas)])


def prompts(recorded: Sequence[Recorded]) -> list[Prompt]:
    """Every prompt of a decision, in the order of sending."""
    sent = [item for item in recorded if isinstance(item.event, PromptSent | VoteCast)]
    return [
        Prompt(number, item.node, tuple(item.event.messages), item.event.tools)
        for number, item in enumerate(sent, 1)
        if isinstance(item.event, PromptSent | VoteCast)
    ]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
