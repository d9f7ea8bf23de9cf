"""What a node had of the world: enough to run it again without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from traces.happening import Happening


class NodeDone(Happening):
    """A node has run; the events before it, back to the last of its kind, are that node's."""

    for_replay_only: ClassVar[bool] = True
    kind: Literal["node_done"] = "node_done"
    read: dict[str, list[list[Any] | str]]
    """By question, its answers in the order of asking: a short one as a list of one value, a longer
    one as the hash of its JSON. What a model, a tool or a voter said has events of its own."""
    update: str
    """Content hash of what the node changed in the run's state."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """The longer answers."""
        for question, answers in self.read.items():
            for answer in answers:
                if isinstance(answer, str):
                    yield f"answer to {question!r}", answer
